from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('workers', '0012_permit_indexes')]

    operations = [
        migrations.AddField(
            model_name='workernode',
            name='metadata',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, help_text='What LLM_WORKER_METADATA states of this worker.', verbose_name='metadata'),
        ),
    ]
