"""Every row that exists gets a first entry: how it was found when its history began.

It is a change and not a creation, so that a rollback to an earlier moment does not take the row for
one that was made since.
"""

from typing import Any

from django.db import migrations
from django.utils import timezone


def record(apps: Any, schema_editor: Any) -> None:
    for name in ("Preference", "Tier"):
        history = apps.get_model("llmconfig", f"Historical{name}")
        known = {field.attname for field in history._meta.fields}
        found = {
            "history_date": timezone.now(), "history_type": "~", "history_source": "baseline"
        }
        rows = apps.get_model("llmconfig", name).objects.values().iterator()
        history.objects.bulk_create(
            (history(**{**found, **{k: v for k, v in row.items() if k in known}}) for row in rows),
            batch_size=1000,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('llmconfig', '0004_history'),
    ]

    operations = [
        migrations.RunPython(record, migrations.RunPython.noop, elidable=True),
    ]
