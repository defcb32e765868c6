import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("workers", "0010_run_notes")]

    operations = [
        migrations.CreateModel(
            name="PermitPool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=255, verbose_name="host")),
                ("model", models.CharField(max_length=255, verbose_name="model")),
                ("learned", models.PositiveIntegerField(default=1, help_text="Attempts that the server has worked on at once without queueing one.", verbose_name="learned number")),
                ("stated", models.PositiveIntegerField(blank=True, help_text="By LLM_HOST_CONCURRENCY or OLLAMA_NUM_PARALLEL, when this was learned.", null=True, verbose_name="stated number")),
                ("ceiling", models.PositiveIntegerField(blank=True, help_text="The smallest number of open attempts of which one waited in its queue.", null=True, verbose_name="queued at")),
                ("longest_seconds", models.FloatField(blank=True, help_text="Of the recent ones.", null=True, verbose_name="longest answer (s)")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
            ],
            options={
                "verbose_name": "permit pool",
                "verbose_name_plural": "permit pools",
                "ordering": ["host", "model"],
                "constraints": [
                    models.UniqueConstraint(fields=("host", "model"), name="permit_pool_one_each"),
                    models.CheckConstraint(condition=models.Q(("learned__gte", 1)), name="permit_pool_never_empty"),
                ],
            },
        ),
        migrations.AddField(
            model_name="taskrun",
            name="permit",
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="workers.permitpool", verbose_name="permit"),
        ),
        migrations.AddField(
            model_name="taskrun",
            name="token_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last token"),
        ),
    ]
