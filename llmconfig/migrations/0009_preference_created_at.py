from typing import Any

import django.db.models.functions.datetime
from django.db import migrations, models

FROM_HISTORY = """
UPDATE llmconfig_preference AS row SET created_at = first.moment
FROM (
    SELECT id, min(history_date) AS moment FROM llmconfig_historicalpreference GROUP BY id
) AS first
WHERE first.id = row.id
"""


def from_history(apps: Any, schema_editor: Any) -> None:
    """Rows made before the column have the moment of their first record."""
    schema_editor.execute(FROM_HISTORY)


class Migration(migrations.Migration):

    dependencies = [('llmconfig', '0008_think_parameter')]

    operations = [
        migrations.AddField(
            model_name='preference',
            name='created_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='created at'),
        ),
        migrations.RunPython(from_history, migrations.RunPython.noop),
    ]
