import os
import stat

from config.process_start import process_start
from devstack.embedded import state

ENVIRONMENT = {"REDIS_URL": "redis://:secret@127.0.0.1:1/0"}


def test_the_file_tells_process_web_address_and_variables(tmp_path):
    state.write(tmp_path, web="http://127.0.0.1:8000", environment=ENVIRONMENT)
    assert state.read(tmp_path) == {
        "pid": os.getpid(),
        "start": process_start(os.getpid()),
        "web": "http://127.0.0.1:8000",
        "environment": ENVIRONMENT,
    }


def test_only_its_owner_can_read_it(tmp_path):
    before = os.umask(0)
    try:
        state.write(tmp_path, web="", environment=ENVIRONMENT)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["stack.json"]


def test_the_file_of_another_process_is_not_removed(tmp_path):
    state.write(tmp_path, web="", environment={})
    state.remove(tmp_path, pid=os.getpid() + 1)
    assert state.read(tmp_path)
    state.remove(tmp_path, pid=os.getpid())
    assert not list(tmp_path.iterdir())


def test_a_broken_file_reads_as_none(tmp_path):
    (tmp_path / "stack.json").write_text("{")
    assert state.read(tmp_path) == {}
    (tmp_path / "stack.json").write_text("[]")
    assert state.read(tmp_path) == {}
