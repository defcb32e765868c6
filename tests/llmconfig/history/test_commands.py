"""``llm_rollback`` and ``llm_history``, as a terminal shows them."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from llmconfig.history.entries import preference_history
from llmconfig.models import Preference, Tier
from llmconfig.store.services import preference_delete, preference_save, tier_save
from tests.llmconfig.history.conftest import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(ada, root):
    row = preference_save(preference=Preference(user=ada, model="qwen3"), by=root, reason="trial")
    row.model, row.parameters = "llama3.2:1b", {"temperature": 0.5}
    return preference_save(preference=row, by=ada, source="api")


def run(command, *arguments):
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out, no_color=True)
    return out.getvalue()


def refused(*arguments):
    with pytest.raises(CommandError) as told:
        run(*arguments)
    assert "\n" not in str(told.value)
    return str(told.value)


DIFF = """\
change  preference {pk}  user ada
        model                   "llama3.2:1b" → "qwen3"
        parameters.temperature  0.5 → -
"""


def test_one_row_returns(row, root):
    told = run("llm_rollback", row.pk, "--to", 1, "--reason", "too slow", "--by", "root")
    assert told == DIFF.format(pk=row.pk) + "1 row has returned.\n"
    entry = preference_history()[0]
    assert (entry.by, entry.source) == ("root", "command")
    assert entry.reason == "rollback to v1: too slow"
    assert run("llm_rollback", row.pk, "--to", 1) == "Nothing to do: it is so already.\n"


def test_a_dry_run_shows_the_same_and_changes_nothing(row):
    told = run("llm_rollback", row.pk, "--to", 1, "--dry-run")
    assert told == DIFF.format(pk=row.pk) + "1 row would return.\n"
    assert Preference.objects.get().version == 2


def test_everything_returns_to_a_moment(row, premium):
    then, tier = moment(), Tier.objects.get()
    tier.rank = 30
    tier_save(tier=tier, by=None)
    number = row.pk
    preference_delete(preference=row, by=None)
    made = preference_save(preference=Preference(max_retries=1), by=None).pk
    expected = f"""\
change  tier {tier.pk}  tier premium
        rank  30 → 20
return  preference {number}  user ada
        model                   - → "llama3.2:1b"
        parameters.temperature  - → 0.5
remove  preference {made}  everyone
        max_retries  1 → -
"""
    at = then.isoformat()
    assert run("llm_rollback", "--at", at, "--dry-run") == f"{expected}3 rows would return.\n"
    assert run("llm_rollback", "--at", at) == f"{expected}3 rows have returned.\n"


def test_moments_without_a_zone_are_local_time(row, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    with timezone.override("Asia/Tokyo"):
        local = timezone.localtime() + timedelta(hours=-1)
        told = run("llm_rollback", "--at", local.replace(tzinfo=None).isoformat(), "--dry-run")
    assert "remove" in told


def test_what_cannot_return_is_told_row_by_row(row, allow):
    then = moment()
    row.model = None
    preference_save(preference=row, by=None)
    other = preference_save(preference=Preference(max_retries=1), by=None)
    allow("qwen3")
    out, at = StringIO(), then.isoformat()
    with pytest.raises(CommandError, match=r"Nothing was changed: .* With --skip-refused"):
        call_command("llm_rollback", "--at", at, stdout=out)
    told = f"""\
refuse  preference {row.pk}  user ada
        The model llama3.2:1b is not allowed here.
"""
    assert out.getvalue() == told
    dry = run("llm_rollback", "--at", at, "--dry-run")
    assert told in dry
    assert "1 row would return, 1 cannot. With --skip-refused" in dry
    skipping = run("llm_rollback", "--at", at, "--skip-refused")
    removed = f"remove  preference {other.pk}  everyone\n        max_retries  1 → -\n"
    assert skipping == f"{removed}{told}1 row has returned, 1 cannot.\n"


def test_a_single_row_that_cannot_return_is_an_error(row, allow):
    allow("llama3.*")
    for option in ([], ["--dry-run"]):
        told = refused("llm_rollback", row.pk, "--to", 1, *option)
        assert told == "The model qwen3 is not allowed here."


def test_a_tier_returns(premium):
    tier = Tier.objects.get()
    tier.allowed_models = ["qwen3"]
    tier_save(tier=tier, by=None)
    told = run("llm_rollback", tier.pk, "--tier", "--to", 0)
    assert told.splitlines()[1].split() == ["allowed_models", '["qwen3"]', "→", "-"]
    assert Tier.objects.get().allowed_models is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Give ROW_ID and --to"),
        (["1"], "Give ROW_ID and --to"),
        (["--to", "1"], "Give ROW_ID and --to"),
        (["1", "--to", "1", "--skip-refused"], "Give ROW_ID and --to"),
        (["--at", "2026-11-20T12:00", "--to", "1"], "--at returns everything"),
        (["1", "--at", "2026-11-20T12:00"], "--at returns everything"),
        (["--tier", "--at", "2026-11-20T12:00"], "--at returns everything"),
        (["x", "--to", "1"], "ROW_ID is a whole number from 1, not 'x'"),
        (["0", "--to", "1"], "ROW_ID is a whole number from 1"),
        (["٣", "--to", "1"], "ROW_ID is a whole number from 1"),
        (["9" * 5000, "--to", "1"], "ROW_ID is a whole number from 1"),
        (["1", "--to", "v1"], "--to is a whole number from 0"),
        (["1", "--to", "1"], "no version 1 of preference 1"),
        (["1", "--to", "1", "--by", "nobody"], "There is no user 'nobody'"),
        (["1", "--to", "1", "--reason", "x" * 101], "one line of at most 100"),
        (["1", "--to", "1", "--reason", "\x1b[2J"], "one line of at most 100"),
        (["--at", "yesterday"], "--at is a moment such as"),
        (["--at", ""], "--at is a moment such as"),
        (["--at", "2026-13-01T00:00"], "--at is a moment such as"),
        (["--at", "9999-12-31T23:59-23:00"], "--at"),
        (["--at", "9999-12-31"], "in the future"),
        (["--at", "0001-01-01T00:00+14:00"], "--at"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, told, db):
    assert told in refused("llm_rollback", *arguments)


def test_the_history_reads_in_lines(row, root):
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00"
    assert re.fullmatch(
        rf"""{stamp}  preference {row.pk} v2  changed  ada   api   user ada
        model                   "qwen3" → "llama3.2:1b"
        parameters.temperature  - → 0.5
{stamp}  preference {row.pk} v1  created  root  code  user ada
        why: trial
        model  - → "qwen3"
""",
        run("llm_history", row.pk),
    )


def test_the_history_is_limited_and_filtered(row, root, premium):
    preference_save(preference=Preference(max_retries=1), by=None)
    assert "everyone" in run("llm_history")
    assert "everyone" not in run("llm_history", "--user", "ada")
    assert len(re.findall("user ada", run("llm_history", "--user", "ada", "--limit", 1))) == 1
    assert "rank  - → 20" in run("llm_history", "--tier")
    assert run("llm_history", 2**31 - 1) == "The history has nothing of that kind.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x"], "ROW_ID is a whole number"),
        (["--limit", "0"], "--limit is a whole number from 1"),
        (["--user", "nobody"], "There is no user"),
        (["--tier", "--user", "ada"], "A tier is for no user"),
    ],
)
def test_bad_questions_are_told_in_one_line(arguments, told, ada):
    assert told in refused("llm_history", *arguments)


def test_what_people_wrote_moves_no_cursor(ada):
    row = Preference(user=ada, parameters={"stop": ["\x1b[2J\n"]})
    preference_save(preference=row, by=ada)
    type(ada).objects.filter(pk=ada.pk).update(username="a\x1b[2Jda")
    told = run("llm_history")
    assert "\x1b" not in told
    assert len(told.splitlines()) == 2
