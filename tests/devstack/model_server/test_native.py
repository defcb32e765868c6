import os
import signal
import sys

import pytest

from devstack.model_server import native
from devstack.model_server.errors import StartError


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (5, 4), (64, 4)])
def test_one_core_is_left_to_others(monkeypatch, cores, threads):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(cores)), raising=False)
    assert native.default_threads() == threads


def test_an_engine_that_cannot_be_imported_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(StartError, match="xllamacpp does not run here") as caught:
        native.load(tmp_path, context_length=512, threads=1)
    assert "\n" not in str(caught.value)


def test_broken_weights_are_one_clear_line_and_signals_stay_ours(tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(StartError, match="cannot be loaded"):
        native.load(tmp_path / "absent.gguf", context_length=512, threads=1)
    assert (signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before
