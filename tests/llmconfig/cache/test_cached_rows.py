import json

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from llmconfig.cache import protocol
from llmconfig.cache.namespace import namespace
from llmconfig.models import Preference
from llmconfig.resolution.selectors import config_resolve, configs_resolve
from tests.llmconfig.conftest import INSIGHT, REPORT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mine(ada, premium, state):
    """A row of ada's, who is in a tier with a row."""
    ada.groups.add(premium)
    state(group=premium, max_retries=7)
    return state(user=ada, model="mine:1")


def test_the_first_reading_takes_one_query_and_the_next_none(
    ada, mine, resolved, django_assert_num_queries
):
    with django_assert_num_queries(1):
        first = resolved(ada)
    assert (first.model, first.max_retries) == ("mine:1", 7)
    with django_assert_num_queries(0):
        assert resolved(ada) == first


def test_a_transaction_that_changes_groups_and_rows_is_seen_whole(
    ada, mine, premium, resolved, elsewhere
):
    """It commits after the first statement that the reader runs."""
    left = []

    def leave():
        with transaction.atomic():
            ada.groups.remove(premium)
            Preference.objects.filter(user=ada).update(model="other:1")
        return True

    def statement(execute, *arguments):
        answer = execute(*arguments)
        if not left:
            left.append(elsewhere(leave))
        return answer

    with connection.execute_wrapper(statement):
        config = resolved(ada)
    assert left
    assert (config.model, config.max_retries) == ("mine:1", 7)
    config = resolved(ada)
    assert (config.model, config.max_retries) == ("other:1", 2)


def test_what_is_for_everyone_takes_one_query_and_then_none(
    state, resolved, django_assert_num_queries
):
    state(task_type=INSIGHT, model="all:1")
    with django_assert_num_queries(1):
        assert resolved(None).model == "all:1"
    with django_assert_num_queries(0):
        assert resolved(None).model == "all:1"


def test_a_warm_reading_is_one_command(ada, mine, resolved, commands):
    resolved(ada)
    assert commands(lambda: resolved(ada)) == {"mget": 1}


def test_rows_that_were_read_for_one_type_serve_all(ada, mine, django_assert_num_queries):
    config_resolve(user_id=ada.pk, task_type=INSIGHT)
    with django_assert_num_queries(0):
        assert config_resolve(user_id=ada.pk, task_type=REPORT).model == "mine:1"
        assert {each.model for each in configs_resolve(user_id=ada.pk).values()} == {"mine:1"}


def test_kept_rows_give_the_same_decisions_as_the_database(ada, mine, resolved, truth, state):
    state(user=ada, task_type=INSIGHT, parameters={"temperature": 0.25, "stop": ["é", '"']})
    state(task_type=INSIGHT, fallback_model="", timeout_seconds=9)
    resolved(ada)
    configs_resolve(user_id=ada.pk)
    kept = config_resolve(user_id=ada.pk, task_type=INSIGHT, request=None)
    assert kept == truth(ada)
    assert kept.shadowed == truth(ada).shadowed


def test_another_process_finds_what_this_one_kept(ada, mine, resolved, other_process):
    process = other_process()
    resolved(ada)
    assert process.ask("resolve", ada.pk) == {"model": "mine:1", "queries": 0}


def test_a_request_is_decided_afresh_on_kept_rows(
    ada, mine, resolved, settings, django_assert_num_queries
):
    settings.LLM_ALLOW_REQUEST_LAYER = True
    before = resolved(ada)
    with django_assert_num_queries(0):
        asked = config_resolve(user_id=ada.pk, task_type=INSIGHT, request={"model": "now:1"})
        assert resolved(ada) == before
    assert (asked.model, asked.source, asked.max_retries) == ("now:1", "request", 7)


def test_a_process_with_another_file_decides_by_its_own(ada, resolved, configure):
    configure('default: {model: "a:1"}')
    assert resolved(ada).model == "a:1"
    configure('default: {model: "b:1"}')
    assert resolved(ada).model == "b:1"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[1]",
        b"[" * 100_000,
        b'{"versions": []}',
        lambda entry: {**entry, "rows": None},
        lambda entry: {**entry, "rows": [None]},
        lambda entry: {**entry, "rows": [[1, 2]]},
        lambda entry: {**entry, "rows": [["1", *row[1:]] for row in entry["rows"]]},
        lambda entry: {**entry, "rows": [[True, *row[1:]] for row in entry["rows"]]},
        lambda entry: {**entry, "rows": [[*row[:-1], "model"] for row in entry["rows"]]},
        lambda entry: {**entry, "groups": {"a": 1}},
        lambda entry: {**entry, "groups": [[1, "premium", "high", None]]},
        lambda entry: {**entry, "groups": [[1, "premium", 1, [2]]]},
        lambda entry: {name: part for name, part in entry.items() if name != "groups"},
        lambda entry: {**entry, "versions": ["0", "1"]},
    ],
)
def test_a_malformed_entry_means_the_database(
    ada, mine, raw, keys, damage, truth, django_assert_num_queries
):
    config_resolve(user_id=ada.pk, task_type=REPORT)
    (key,) = keys("entry:*")
    entry = raw.get(key)
    raw.set(key, json.dumps(damage(json.loads(entry))) if callable(damage) else damage)
    with django_assert_num_queries(1):
        config = config_resolve(user_id=ada.pk, task_type=INSIGHT)
    assert config == truth(ada)
    assert raw.get(key) == entry


def test_a_value_out_of_bounds_in_an_entry_is_passed_over(ada, mine, raw, keys, resolved):
    config_resolve(user_id=ada.pk, task_type=REPORT)
    (key,) = keys("entry:*")
    raw.set(key, raw.get(key).replace(b'"max_retries":7', b'"max_retries":1e999'))
    config = resolved(ada)
    assert (config.model, config.max_retries) == ("mine:1", 2)


def test_the_entry_of_one_user_is_not_taken_for_another(ada, mine, raw, keys, resolved):
    bob = get_user_model().objects.create_user("bob")
    resolved(ada)
    entry = raw.get(*keys("entry:*"))
    resolved(bob)
    for key in keys("entry:*"):
        raw.set(key, entry)
    assert config_resolve(user_id=bob.pk, task_type=REPORT).model == "llama3.2:7b"


@pytest.mark.parametrize("kind", ["entry:*", "common", "user:*"])
def test_a_key_of_another_type_is_no_error(ada, mine, raw, keys, resolved, kind):
    resolved(ada)
    for key in keys(kind):
        raw.delete(key)
        raw.rpush(key, "strange")
    assert config_resolve(user_id=ada.pk, task_type=REPORT).model == "mine:1"


def test_every_key_is_of_this_database_and_ends_by_itself(ada, mine, raw, keys, resolved):
    resolved(ada)
    resolved(None)
    found = keys("*")
    assert len(found) == 4  # two tokens and two entries
    assert all(0 < raw.ttl(key) <= protocol.LIFETIME_SECONDS for key in found)


def test_databases_do_not_share_what_is_kept(settings):
    settings.LLM_CACHE_NAMESPACE = ""
    database = connection.settings_dict

    class Named:
        def __init__(self, **names):
            self.settings_dict = {**database, **names}

    others = [Named(), Named(NAME="other"), Named(HOST="other"), Named(PORT="1")]
    assert len({namespace(each) for each in others}) == 4
    settings.LLM_CACHE_NAMESPACE = "same"
    assert namespace(Named(HOST="other")) == namespace(Named())
    assert namespace(Named(NAME="other")) != namespace(Named())
