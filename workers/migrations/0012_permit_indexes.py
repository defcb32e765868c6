from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Beside writers: runs are stored and worked on meanwhile.
    atomic = False

    dependencies = [("workers", "0011_permit_pools")]

    operations = [
        AddIndexConcurrently(
            model_name="taskrun",
            index=models.Index(condition=models.Q(("permit__isnull", False)), fields=["permit"], name="run_permit"),
        ),
        AddIndexConcurrently(
            model_name="taskrun",
            index=models.Index(condition=models.Q(("parked_on", ""), _negated=True), fields=["parked_on", "-priority", "created_at"], name="run_parked"),
        ),
    ]
