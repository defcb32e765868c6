from typing import Any

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# Not even a program that goes round the models changes what was written.
APPEND_ONLY = """
CREATE FUNCTION llmconfig_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit trail is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER llmconfig_audit_append_only BEFORE UPDATE ON llmconfig_auditentry
FOR EACH ROW EXECUTE FUNCTION llmconfig_audit_append_only();
"""
CHANGEABLE = """
DROP TRIGGER llmconfig_audit_append_only ON llmconfig_auditentry;
DROP FUNCTION llmconfig_audit_append_only();
"""


def forbid_changes(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(APPEND_ONLY)


def permit_changes(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(CHANGEABLE)


class Migration(migrations.Migration):

    dependencies = [
        ('llmconfig', '0006_owed_invalidations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moment', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='moment')),
                ('username', models.CharField(max_length=254, verbose_name='user')),
                ('method', models.CharField(max_length=10, verbose_name='method')),
                ('operation', models.CharField(help_text='The name of the address.', max_length=200, verbose_name='operation')),
                ('object_id', models.CharField(max_length=200, verbose_name='object')),
                ('status', models.PositiveSmallIntegerField(verbose_name='status')),
                ('address', models.GenericIPAddressField(null=True, verbose_name='address')),
                ('token_key', models.CharField(help_text='How it begins.', max_length=8, verbose_name='token')),
                ('request_id', models.CharField(max_length=200, verbose_name='request')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit trail',
                'indexes': [models.Index(fields=['moment'], name='audit_moment'), models.Index(fields=['username', 'moment'], name='audit_username'), models.Index(condition=models.Q(('object_id', ''), _negated=True), fields=['object_id'], name='audit_object')],
            },
        ),
        migrations.RunPython(forbid_changes, permit_changes),
    ]
