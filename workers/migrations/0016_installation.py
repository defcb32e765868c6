import uuid
from typing import Any

from django.db import migrations, models


def make(apps: Any, schema_editor: Any) -> None:
    apps.get_model("workers", "Installation").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("workers", "0015_open_runs_index")]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("identity", models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="installation_is_one"),
                ],
            },
        ),
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
