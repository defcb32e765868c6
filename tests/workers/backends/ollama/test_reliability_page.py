"""docs/reference/failures.md and docs/explanation/reliability.md say what the code does."""

import re

from config.env import PROJECT
from tests.workers.backends.ollama.cases import CASES, Scripted
from workers.backends.ollama import transport
from workers.backends.ollama.answer import MAX_CHARACTERS
from workers.backends.ollama.classify import STATUSES, TABLE
from workers.backends.ollama.loading import PS_SECONDS
from workers.runs.outcomes import Outcome
from workers.testing.behaviours import Ok, Status
from workers.testing.by_name import BY_NAME

PAGE = (PROJECT / "docs" / "reference" / "failures.md").read_text()
MEASURED = (PROJECT / "docs" / "explanation" / "reliability.md").read_text()


def rows_under(head):
    """The rows of the table with this head, cell by cell."""
    table = PAGE.partition(f"{head}\n")[2].partition("\n\n")[0]
    rows = table.splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_the_page_has_every_cause_with_its_class_and_words():
    shown = rows_under("| cause | class | what the attempt says | brought about by |")
    assert shown == [
        [f"`{cause}`", outcome, sentence, faults_of(cause)]
        for cause, (outcome, sentence) in TABLE.items()
    ]


def faults_of(cause):
    """The faults that a test brings about, each once."""
    cases = [case for case in CASES if case.cause is cause and not says_something(case.play)]
    names = [name_of(case.play, case.name) for case in cases]
    return ", ".join(dict.fromkeys(names))


def says_something(play):
    """An answer's own text is the fault: no behaviour is to blame."""
    return isinstance(play, Scripted) and isinstance(play.behaviour, Ok)


def name_of(play, name):
    if not isinstance(play, Scripted):
        return name
    if isinstance(play.behaviour, Status):
        return f"`http-{play.behaviour.code}`"
    [found] = [name for name, kind in BY_NAME.items() if kind is type(play.behaviour)]
    return f"`{found}`"


def test_the_page_has_every_status_in_its_order():
    shown = rows_under("| status | where the server says | cause |")
    assert shown == [
        [told(statuses), phrase_of(phrase), f"`{cause}`"] for statuses, phrase, cause in STATUSES
    ]


def told(statuses):
    if isinstance(statuses, range):
        return f"{statuses.start}–{statuses.stop - 1}"
    return ", ".join(map(str, statuses))


def phrase_of(phrase):
    return "" if phrase is None else f"`{phrase.pattern}`".replace("|", "\\|")


def test_the_page_says_what_each_class_leads_to():
    shown = [row[0] for row in rows_under("| class | what the run does |")]
    assert sorted(shown) == sorted(f"`{one}`" for one in Outcome if one is not Outcome.SUCCEEDED)


def test_the_page_has_the_limits_of_the_code():
    limits = [row[0] for row in rows_under("| limit | from | to |")]
    assert limits[:2] == [f"{transport.CONNECT_SECONDS:g} s", f"{PS_SECONDS:g} s"]
    assert f"an answer {MAX_CHARACTERS:,} characters" in PAGE
    assert f"A line may have {transport.LINE_BYTES // 2**20} MB" in PAGE
    assert f"{transport.EXPLANATION_BYTES // 2**10} KB of it are read" in PAGE


def test_the_page_has_room_for_what_was_measured():
    assert re.search(r"<!-- make chaos: begin -->.*<!-- make chaos: end -->", MEASURED, re.DOTALL)
