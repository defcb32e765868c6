from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('llmconfig', '0009_preference_created_at')]

    operations = [
        migrations.CreateModel(
            name='KnownFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=500, unique=True)),
                ('content', models.BinaryField()),
                ('kept_at', models.DateTimeField()),
            ],
        ),
    ]
