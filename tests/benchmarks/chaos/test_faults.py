"""The faults of ``make chaos``, quickly: in this thread, without waiting between attempts."""

import pytest

from benchmarks.chaos.faults import CONFIG, FAULTS, SLOW
from benchmarks.chaos.runs import ask, outcomes
from workers.backends.ollama import transport
from workers.testing.delivery import run_finish

#: Of what only waits, two are enough here: `tests/workers/backends/ollama/test_limits.py` has them
#: all.
QUICK = [fault for fault in FAULTS if fault.primary != SLOW]
WAITING = [fault for fault in FAULTS if fault.model in ("silent:3b", "slow-load-60:3b")]


@pytest.fixture
def host(fake_ollama, settings, tmp_path, monkeypatch):
    """A host that has every model loaded which needs no loading."""
    (tmp_path / "llm.yaml").write_text(str(CONFIG).replace("'3s'", "'1s'"))
    settings.LLM_CONFIG_FILE, settings.LLM_ENVIRON = tmp_path / "llm.yaml", {}
    settings.OLLAMA_HOST = fake_ollama.host
    settings.LLM_ALLOW_REQUEST_LAYER = True
    fake_ollama.load(*(fault.model for fault in FAULTS if "load" not in fault.model))
    monkeypatch.setattr(transport, "EXPLANATION_SECONDS", 0.1)
    return fake_ollama


@pytest.mark.django_db(transaction=True)
def test_every_fault_ends_as_documented(host):
    for fault in (*QUICK, *WAITING):
        # On a busy machine a second is too short for what ends by itself.
        limits = {"timeout_seconds": 1 if fault in WAITING else 10, "max_retries": 1}
        run = run_finish(ask(fault.model, fault.fallback, kind=fault.kind, **limits))
        assert (outcomes(run), run.result) == (fault.expected, fault.result), fault.model
