import pytest

from devstack.embedded.errors import StackError
from devstack.embedded.procfile import Entry, read
from tests.devstack.embedded.support import PROJECT


@pytest.fixture
def procfile(tmp_path):
    def write(text):
        path = tmp_path / "Procfile"
        path.write_text(text)
        return path

    return write


def test_every_line_is_a_name_and_a_command(procfile):
    path = procfile("# comment\n\nweb: serve --port ${PORT:-8000}\nworker_a:  work : hard\n")
    assert read(path) == (
        Entry(name="web", command="serve --port ${PORT:-8000}"),
        Entry(name="worker_a", command="work : hard"),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("web: serve\nnonsense\n", "Procfile:2: expected `name: command`"),
        ("web:\n", "Procfile:1: expected"),
        ("we b: serve\n", "Procfile:1: expected"),
        ("web: serve\nweb: serve\n", "Procfile:2: the name web is taken"),
        ("postgres: mine\n", "Procfile:1: the name postgres is taken"),
        ("# nothing\n", "names no process"),
    ],
)
def test_a_bad_line_is_named_with_its_place(procfile, text, place):
    with pytest.raises(StackError) as refused:
        read(procfile(text))
    assert place in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StackError, match="cannot be read: No such file"):
        read(tmp_path / "Procfile")


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("serve --port ${PORT:-8000}", "exec serve --port ${PORT:-8000}"),
        ("LEVEL=1 serve", "LEVEL=1 serve"),
        ("prepare && serve", "prepare && serve"),
        ("serve > file", "serve > file"),
    ],
)
def test_the_shell_makes_way_for_a_single_program(command, given):
    assert Entry(name="web", command=command).shell_command == given


def test_the_shipped_procfile_has_one_worker_per_queue_and_one_beat():
    entries = {entry.name: entry.command for entry in read(PROJECT / "Procfile")}
    assert list(entries) == [
        "web",
        "worker_insight_generation",
        "worker_weekly_report",
        "worker_data_analysis",
        "worker_text_generation",
        "beat",
    ]
    for name, command in entries.items():
        queue = name.replace("worker_", "llm.")
        assert name in {"web", "beat"} or f"-Q {queue},{queue}.low " in command
