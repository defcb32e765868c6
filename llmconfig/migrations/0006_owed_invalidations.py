import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('llmconfig', '0005_history_baseline'),
    ]

    operations = [
        migrations.CreateModel(
            name='OwedInvalidation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scopes', models.JSONField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
        ),
        migrations.AlterModelOptions(
            name='preference',
            options={'base_manager_name': 'objects', 'verbose_name': 'preference', 'verbose_name_plural': 'preferences'},
        ),
        migrations.AlterModelOptions(
            name='tier',
            options={'base_manager_name': 'objects', 'ordering': ['rank'], 'verbose_name': 'tier', 'verbose_name_plural': 'tiers'},
        ),
    ]
