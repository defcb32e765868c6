import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DataError, IntegrityError, connection, transaction

from llmconfig.models import Preference, Tier
from llmconfig.values.fields import FIELDS
from llmconfig.values.kinds import Integer, Number
from llmconfig.values.parameters import PARAMETERS
from tests.llmconfig.conftest import INSIGHT

pytestmark = pytest.mark.django_db


def refused(**fields):
    """Writes past all validation, as SQL would."""
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Preference.objects.bulk_create([Preference(**fields)])


BOUNDED = [(name, field.kind) for name, field in FIELDS.items() if isinstance(field.kind, Integer)]
NUMBERS = [(name, kind) for name, kind in PARAMETERS.items() if isinstance(kind, Integer | Number)]


@pytest.mark.parametrize(("name", "kind"), BOUNDED)
def test_the_database_holds_the_bounds_of_every_field(name, kind):
    for value in (kind.minimum - 1, kind.maximum + 1):
        refused(**{name: value})
    for value in (kind.minimum, kind.maximum):
        Preference.objects.create(task_type=f"T{value}", **{name: value})


@pytest.mark.parametrize(("name", "kind"), NUMBERS)
def test_the_database_holds_bounds_and_type_of_every_parameter(name, kind):
    wrong = [kind.minimum - 1, kind.maximum + 1, str(kind.minimum), True, None, [], {}]
    for value in wrong:
        refused(parameters={name: value})
    for value in (kind.minimum, kind.maximum):
        Preference.objects.create(task_type=f"T{value}", parameters={name: value})


@pytest.mark.parametrize(
    "parameters",
    [
        {"stop": "END"},
        {"stop": ["a"] * 5},
        {"stop": ["a" * 65]},
        {"stop": [""]},
        {"stop": [1]},
        {"stop": [["a"]]},
        {"stop": None},
        {"think": "on"},
        {"think": "true"},
        {"think": 1},
        {"think": None},
        {"think": [True]},
        {"colour": "red"},
        {"temperature": 1, "num_ctx": 4096},
        [],
        ["temperature"],
        "x",
        3,
    ],
)
def test_the_database_keeps_the_list_of_parameters_closed(parameters):
    refused(parameters=parameters)


@pytest.mark.parametrize("think", [True, False, "low", "medium", "high", "max"])
def test_whether_models_think_is_stored(think):
    Preference.objects.create(parameters={"think": think})
    assert Preference.objects.get().parameters == {"think": think}


def test_good_stops_are_stored():
    Preference.objects.create(parameters={"stop": ["\n\n", "ö" * 64, "c", "d"]})
    assert Preference.objects.get().parameters["stop"][1] == "ö" * 64


@pytest.mark.parametrize("fields", [{"model": ""}, {"task_type": ""}])
def test_empty_texts_state_nothing_and_are_refused(fields):
    refused(**fields)


def test_a_preference_is_never_for_a_user_and_a_tier(ada, premium):
    refused(user=ada, group=premium)
    with pytest.raises(ValidationError, match="for a user or for a tier"):
        Preference(user=ada, group=premium).full_clean()


@pytest.mark.parametrize("task_type", [None, INSIGHT])
@pytest.mark.parametrize("whose", ["everyone", "user", "tier"])
def test_there_is_one_preference_per_scope(whose, task_type, ada, premium):
    scope = {"everyone": {}, "user": {"user": ada}, "tier": {"group": premium}}[whose]
    Preference.objects.create(task_type=task_type, **scope)
    refused(task_type=task_type, **scope)
    with pytest.raises(ValidationError, match="a preference for this scope already"):
        Preference(task_type=task_type, **scope).full_clean()


def test_ranks_of_tiers_are_unique(premium, django_assert_num_queries):
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.create(group=premium.__class__.objects.create(name="gold"), rank=20)


def test_a_row_names_itself_with_its_version():
    row = Preference.objects.create(version=3)
    assert row.place == f"preference {row.pk} v3"


def test_null_states_nothing_and_zero_does():
    row = Preference(max_retries=0, fallback_model="", model=None)
    assert row.stated() == {"max_retries": 0, "fallback_model": ""}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"model": "a b"},
            {
                "model": [
                    "accepted: a model's name such as llama3.2:3b (without a blank); found: 'a b'"
                ]
            },
        ),
        ({"max_retries": 11}, {"max_retries": ["accepted: a whole number from 0 to 10"]}),
        ({"parameters": []}, {"parameters": ["accepted: an object"]}),
        (
            {"parameters": {"temperature": 9, "seed": -1}},
            {
                "parameters": [
                    "temperature: accepted: a number from 0 to 2",
                    "seed: accepted: a whole number from 0 to 2147483647",
                ]
            },
        ),
    ],
)
def test_validation_tells_field_and_bounds(fields, errors):
    with pytest.raises(ValidationError) as told:
        Preference(**fields).full_clean()
    assert told.value.message_dict == errors


def test_validation_asks_the_database_once_beside_the_scope(ada, django_assert_num_queries):
    row = Preference(user=ada, model="a:1", parameters={"temperature": 0})
    with django_assert_num_queries(2):  # that the user exists, and that the scope is free
        row.full_clean()


def test_deleting_a_user_deletes_what_they_stated_and_keeps_what_they_edited(ada):
    Preference.objects.create(user=ada)
    Preference.objects.create(updated_by=ada)
    ada.delete()
    assert [(row.user, row.updated_by) for row in Preference.objects.all()] == [(None, None)]


def test_migrations_match_the_models():
    call_command("makemigrations", "llmconfig", check=True, dry_run=True, verbosity=0)


def test_the_constraint_treats_nulls_as_equal():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
            ["preference_one_per_scope"],
        )
        assert cursor.fetchone()[0].startswith("UNIQUE NULLS NOT DISTINCT")
