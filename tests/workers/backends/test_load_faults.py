"""Models that a host could not load are remembered for a while, by any spelling."""

from workers.backends import load_faults

HOST = "http://gpu:11434"


def test_a_fault_is_of_one_model_on_one_host():
    load_faults.note(HOST, "library/Big:70B", "no memory")
    assert load_faults.reason_of(HOST, "big:70b") == "no memory"
    assert load_faults.reason_of("http://other:11434", "big:70b") == ""
    assert load_faults.reason_of(HOST, "big:7b") == ""


def test_a_success_clears_it():
    load_faults.note(HOST, "big:70b", "no memory")
    load_faults.clear(HOST, "Big:70B")
    assert load_faults.reason_of(HOST, "big:70b") == ""


def test_one_that_could_not_be_loaded_is_passed_over_for_a_minute(monkeypatch):
    load_faults.note(HOST, "library/Big:70B", "no memory")
    assert load_faults.is_passed_over(HOST, "big:70b")
    assert not load_faults.is_passed_over(HOST, "big:7b")
    monkeypatch.setattr(load_faults, "PASSED_OVER_SECONDS", 0.0)
    assert not load_faults.is_passed_over(HOST, "big:70b")
    assert load_faults.reason_of(HOST, "big:70b") == "no memory"


def test_one_that_was_refused_to_one_request_is_not_passed_over():
    load_faults.note(HOST, "big:70b", "HTTP 403", is_of_load=False)
    assert load_faults.reason_of(HOST, "big:70b") == "HTTP 403"
    assert not load_faults.is_passed_over(HOST, "big:70b")


def test_it_is_forgotten_in_time(monkeypatch):
    load_faults.note(HOST, "big:70b", "no memory")
    monkeypatch.setattr(load_faults, "REMEMBERED_SECONDS", 0.0)
    assert load_faults.reason_of(HOST, "big:70b") == ""
