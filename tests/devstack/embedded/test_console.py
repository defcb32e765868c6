import io
import os
import pty
import select

import pytest

from devstack.embedded.console import WAITING_LINES, Console


@pytest.fixture
def terminal():
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream, master
        os.close(master)


def test_lines_carry_their_process_name_in_one_column():
    stream = io.StringIO()
    console = Console(stream)
    console.register("web", "worker_a")
    console.process_line("web", "hello")
    console.process_line("worker_a", "hello")
    console.flush()
    assert stream.getvalue() == "web      | hello\nworker_a | hello\n"


def test_a_terminal_gets_colours(terminal, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream, master = terminal
    console = Console(stream)
    console.register("web")
    console.process_line("web", "hello")
    assert os.read(master, 100) == b"\033[36mweb | \033[0mhello\r\n"


def test_no_color_wins_over_a_terminal(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream, master = terminal
    Console(stream).process_line("web", "hello")
    assert os.read(master, 100) == b"web | hello\r\n"


def test_control_characters_of_a_log_line_reach_no_terminal():
    stream = io.StringIO()
    console = Console(stream)
    console.process_line("web", "a\033[2Jb\x07\tc\x9bd")
    console.flush()
    assert stream.getvalue() == "web | a[2Jb\tcd\n"


def test_a_stream_that_closes_silences_the_console():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        console = Console(stream)
        console.say("hello")
        console.say("still here")
        console.flush()


def test_an_encoding_without_the_character_gets_a_question_mark():
    read, write = os.pipe()
    with os.fdopen(write, "w", encoding="ascii") as stream:
        console = Console(stream)
        console.say("%(word)s", word="naïve")
        console.flush()
    assert os.read(read, 100) == b"na?ve\n"
    os.close(read)


def test_a_console_without_a_stream_formats_nothing():
    Console().say("%(missing)s", other=1)


def test_a_held_terminal_does_not_block_its_callers(terminal):
    stream, master = terminal
    console = Console(stream)
    for _ in range(2 * WAITING_LINES):
        console.say("x" * 80)
    assert not console.flush(0.1)
    assert console.busy
    # A writer left behind would write to whatever file takes the number of the closed terminal.
    while not console.flush(0.05):
        while select.select([master], [], [], 0)[0]:
            os.read(master, 65536)
