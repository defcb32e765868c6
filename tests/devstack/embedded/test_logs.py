import stat

from devstack.embedded import logs
from devstack.embedded.logs import Follower, last_lines, open_log


def test_a_log_is_readable_by_its_owner_alone(tmp_path):
    open_log(tmp_path / "logs" / "web.log").close()
    assert stat.S_IMODE((tmp_path / "logs" / "web.log").stat().st_mode) == 0o600


def test_a_follower_tells_complete_lines_written_since(tmp_path):
    path = tmp_path / "web.log"
    path.write_text("earlier\n")
    follower = Follower(path)
    with open_log(path) as log:
        log.write(b"one\r\ntw")
        log.flush()
        assert follower.new_lines() == ["one"]
        assert follower.rest == "tw"
        log.write(b"o\n\xff\n")
    assert follower.new_lines() == ["two", "\N{REPLACEMENT CHARACTER}"]
    assert follower.new_lines() == []


def test_a_follower_starts_over_in_an_emptied_file(tmp_path):
    path = tmp_path / "web.log"
    path.write_text("a long earlier line\n")
    follower = Follower(path)
    path.write_text("new\n")
    assert follower.new_lines() == ["new"]


def test_a_large_log_becomes_the_older_one_and_the_writer_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "ROTATE_BYTES", 10)
    path = tmp_path / "web.log"
    with open_log(path) as log:
        follower = Follower(path)
        log.write(b"more than ten bytes\n")
        log.flush()
        assert follower.new_lines() == ["more than ten bytes"]
        follower.rotate()
        log.write(b"next\n")
        log.flush()
        assert follower.new_lines() == ["next"]
    assert (tmp_path / "web.log.1").read_text() == "more than ten bytes\n"
    assert path.read_text() == "next\n"


def test_last_lines_skips_where_in_a_statement_an_error_was(tmp_path):
    path = tmp_path / "migrate.log"
    path.write_text("Error: no (permission denied\nLINE 1: CREATE TABLE a\n         ^\n)\n ~~^^\n")
    assert last_lines(path) == ["Error: no (permission denied"]


def test_last_lines_skips_empty_ones(tmp_path):
    path = tmp_path / "web.log"
    path.write_text("one\ntwo\n\n  \n")
    assert last_lines(path) == ["two"]
    assert last_lines(path, 5) == ["one", "two"]
    assert last_lines(tmp_path / "absent.log") == []
