from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("workers", "0013_worker_node_metadata")]

    operations = [
        migrations.CreateModel(
            name="Leader",
            fields=[
                ("role", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="role")),
                ("holder", models.UUIDField(editable=False, verbose_name="holder")),
                ("lease_expires_at", models.DateTimeField(editable=False, verbose_name="lease expires at")),
            ],
            options={
                "verbose_name": "leader",
                "verbose_name_plural": "leaders",
            },
        ),
    ]
