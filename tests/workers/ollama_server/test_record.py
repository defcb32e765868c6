"""The server answers the 111 requests of the record as the recorded Ollama did.

Another model than the recorded one has other metadata, and ends its answers elsewhere: then status,
content type, location and error are compared.
"""

import pytest

from tests.workers.testing.ollama_http import contract

OF_ANY_MODEL = {"status", "type", "location", "text", "error"}


@pytest.fixture(scope="module")
def answers(server, model):
    return contract.replayed(server, model)


@pytest.mark.parametrize("name", contract.RECORD)
def test_an_answer_is_as_recorded(answers, model, name):
    differing = contract.differences(name, answers[name], model)
    by_chance = {what for request, what in contract.left_out("chance") if request == name}
    compared = set(differing) if model == contract.MODEL else OF_ANY_MODEL
    assert {
        what: pair for what, pair in differing.items() if what in compared and what not in by_chance
    } == {}
