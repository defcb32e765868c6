"""Migrations only expand: the release before still reads and writes while they are applied.

What a release needs no more is removed by a later one, when nobody runs the old code: such a step
is named in ``CONTRACTS`` with the release that stopped using it (docs/how-to/deploy.md).
"""

import re

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import F, Q

APPS = ("llmconfig", "workers", "reports")
#: ``app.migration`` → the release since which nobody uses what it removes.
CONTRACTS: dict[str, str] = {}

HARMLESS = (
    migrations.CreateModel,
    AddIndexConcurrently,
    migrations.RemoveIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,
)


#: The keys of a JSON object that a constraint closes, and the one key that a constraint is about.
CLOSED_KEYS = re.compile(r"- ARRAY\[(.*?)\]")
ONE_KEY = re.compile(r"%\(expressions\)s -> '(\w+)' = ANY")


def narrows(operation, before, together=()):
    """Why the last release cannot live with an operation on the state before it, or None.
    ``together``: all operations of the migration."""
    if isinstance(operation, HARMLESS) or _is_of_a_wider_list(operation, before, together):
        return None
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        # What is said of the state changes no table.
        found = (narrows(each, before) for each in operation.database_operations)
        return next(filter(None, found), None)
    if isinstance(operation, migrations.AddIndex):
        return "the last release cannot write while the index is built"
    if isinstance(operation, migrations.AddField):
        if operation.field.db_index or operation.field.unique:
            return "the last release cannot write while its index is built"
        return None if _may_be_left_out(operation.field) else "the last release cannot insert rows"
    if isinstance(operation, migrations.AlterField):
        old = before.get_field(operation.name)
        return None if _widens(old, operation.field) else "values of the last release do not fit"
    if isinstance(operation, migrations.AddConstraint):
        old_columns = _columns(operation.constraint) & set(before.fields)
        return f"rows of the last release may break it: {old_columns}" if old_columns else None
    return "it takes something away, or is not known to this test"


def _is_of_a_wider_list(operation, before, together):
    """Whether it replaces a closed list of JSON keys by one with more, or is about a key of those:
    the last release writes none of them."""
    added = [each.constraint for each in together if isinstance(each, migrations.AddConstraint)]
    for wider in filter(_closed_keys, added):
        earlier = [c for c in before.options["constraints"] if c.name == wider.name]
        keys = {key for constraint in earlier for key in _closed_keys(constraint)}
        if not keys or not keys < _closed_keys(wider):
            continue
        if isinstance(operation, migrations.RemoveConstraint):
            return operation.name == wider.name
        if isinstance(operation, migrations.AddConstraint):
            key = ONE_KEY.fullmatch(_template(operation.constraint).partition(" (ARRAY")[0])
            return operation.constraint is wider or bool(key and key[1] not in keys)
    return False


def _closed_keys(constraint):
    found = CLOSED_KEYS.search(_template(constraint))
    return set(re.findall(r"'(\w+)'", found[1])) if found else set()


def _template(constraint):
    return getattr(getattr(constraint, "condition", None), "extra", {}).get("template", "")


def _may_be_left_out(field):
    return field.null or field.has_db_default() or field.many_to_many


def _widens(old, new):
    same_kind = old.get_internal_type() == new.get_internal_type()
    longer = (new.max_length or 0) >= (old.max_length or 0)
    as_free = new.null >= old.null and new.unique <= old.unique
    # An index that is new would be built with a lock against writing.
    return same_kind and longer and as_free and new.db_index <= old.db_index


def _columns(part):
    """The columns that a constraint, or a part of its condition, looks at."""
    if isinstance(part, models.UniqueConstraint):
        return {*part.fields, *_columns(part.condition)}
    if isinstance(part, models.CheckConstraint):
        return _columns(part.condition)
    if isinstance(part, Q):
        return set(part.referenced_base_fields)
    if isinstance(part, F):
        return {part.name.partition("__")[0]}
    parts = part.get_source_expressions() if hasattr(part, "get_source_expressions") else ()
    return {column for one in parts for column in _columns(one)}


def first_release(app, loader):
    return loader.project_state((app, "0001_initial"))


def steps():
    """Every operation that is newer than the first release, with the model as that one knows it."""
    loader = MigrationLoader(None)
    for app in APPS:
        known = first_release(app, loader).models
        for (label, name), migration in sorted(loader.disk_migrations.items()):
            if label == app and name != "0001_initial" and f"{app}.{name}" not in CONTRACTS:
                for operation in migration.operations:
                    model = getattr(operation, "model_name", None)
                    # Tables that the last release does not know are nobody's but ours.
                    if model is None or (app, model.lower()) in known:
                        before = known.get((app, (model or "").lower()))
                        yield f"{app}.{name}", operation, before, migration.operations


def test_every_migration_since_the_last_release_only_expands():
    found = {
        f"{where}: {operation.describe()}": reason
        for where, operation, before, together in steps()
        if (reason := narrows(operation, before, together))
    }
    assert not found


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("taskrun", "metadata"),
        migrations.RenameField("taskrun", "metadata", "labels"),
        migrations.DeleteModel("Attempt"),
        migrations.RenameModel("Attempt", "Trial"),
        migrations.AlterModelTable("attempt", "trials"),
        migrations.RunSQL("DROP TABLE workers_attempt"),
        migrations.AddField("taskrun", "rank", models.IntegerField(default=0)),
        migrations.AlterField("taskrun", "result", models.JSONField()),
        migrations.AlterField("taskrun", "queue", models.CharField(max_length=100)),
        migrations.AlterField("taskrun", "queue", models.IntegerField()),
        migrations.AlterField("taskrun", "queue", models.CharField(max_length=120, unique=True)),
        migrations.AddConstraint(
            "taskrun", models.CheckConstraint(name="x", condition=~Q(queue="") & Q(rank__gt=0))
        ),
        migrations.AddConstraint(
            "taskrun", models.UniqueConstraint(name="x", fields=["user", "queue"])
        ),
        migrations.RemoveConstraint("taskrun", "run_status_known"),
        migrations.AddIndex("taskrun", models.Index(fields=["queue"], name="x")),
        migrations.AlterField("taskrun", "queue", models.CharField(max_length=120, db_index=True)),
        migrations.AddField("taskrun", "indexed", models.IntegerField(null=True, db_index=True)),
        migrations.AddField("taskrun", "only", models.IntegerField(null=True, unique=True)),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL("DROP TABLE workers_attempt")]
        ),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_would_break_the_last_release_is_noticed(operation):
    before = first_release("workers", MigrationLoader(None)).models["workers", "taskrun"]
    assert narrows(operation, before)


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("taskrun", models.Index(fields=["queue"], name="x")),
        migrations.AddField("taskrun", "rank", models.IntegerField(null=True)),
        migrations.AddField("taskrun", "rank", models.IntegerField(db_default=0)),
        migrations.AlterField("taskrun", "queue", models.CharField(max_length=200)),
        migrations.AlterField("taskrun", "queue", models.CharField(max_length=120, null=True)),
        migrations.AddConstraint(
            "taskrun", models.CheckConstraint(name="x", condition=Q(rank__gt=0))
        ),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_the_last_release_can_live_with_passes(operation):
    before = first_release("workers", MigrationLoader(None)).models["workers", "taskrun"]
    assert narrows(operation, before) is None


def _closing(*keys):
    listed = ", ".join(f"'{key}'" for key in keys)
    template = f"(%(expressions)s - ARRAY[{listed}]) = '{{{{}}}}'::jsonb"
    return _check("preference_parameters_closed", template)


def _choosing(key):
    return _check(f"preference_parameters_{key}", f"%(expressions)s -> '{key}' = ANY (ARRAY['1'])")


def _check(name, template):
    condition = models.Func(F("parameters"), template=template, output_field=models.BooleanField())
    return migrations.AddConstraint(
        "preference", models.CheckConstraint(name=name, condition=condition)
    )


OLD_KEYS = [
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "seed", "stop", "repeat_penalty",
    "presence_penalty", "frequency_penalty", "think",
]  # fmt: skip
REMOVED = migrations.RemoveConstraint("preference", "preference_parameters_closed")


@pytest.mark.parametrize(
    ("added", "is_narrower"),
    [
        ([_closing(*OLD_KEYS, "mirostat"), _choosing("mirostat")], False),
        ([_closing(*OLD_KEYS, "mirostat"), _choosing("seed")], True),
        ([_closing(*OLD_KEYS[1:], "mirostat")], True),
        ([_choosing("mirostat")], True),
    ],
)
def test_a_closed_list_of_keys_may_be_replaced_by_a_longer_one(added, is_narrower):
    before = first_release("llmconfig", MigrationLoader(None)).models["llmconfig", "preference"]
    together = [REMOVED, *added]
    assert any(narrows(each, before, together) for each in together) is is_narrower
