from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workers', '0008_fan_outs'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='load_ms',
            field=models.PositiveIntegerField(null=True, verbose_name='loading (ms)'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='queue_ms',
            field=models.PositiveIntegerField(null=True, verbose_name="in the server's queue (ms)"),
        ),
    ]
