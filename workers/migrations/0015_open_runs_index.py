"""The index of 0007, built beside writers.

0007 has it in the state alone. A database that ran 0007 before that has the index already.
"""

from typing import Any

from django.db import migrations

NAME = "run_open_of_user"


def build(apps: Any, schema_editor: Any) -> None:
    run = apps.get_model("workers", "TaskRun")
    index = next(each for each in run._meta.indexes if each.name == NAME)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME]
        )
        found = cursor.fetchone()
    if found == (True,):
        return
    if found is not None:
        # A build that was broken off leaves one that is not used and has to be kept up.
        schema_editor.remove_index(run, index, concurrently=True)
    schema_editor.add_index(run, index, concurrently=True)


class Migration(migrations.Migration):
    # Beside writers: runs are stored and worked on meanwhile.
    atomic = False

    dependencies = [("workers", "0014_leaders")]

    operations = [migrations.RunPython(build, migrations.RunPython.noop)]
