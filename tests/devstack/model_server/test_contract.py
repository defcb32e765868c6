"""The embedded server answers the 111 requests of the record as the real Ollama did."""

from tests.devstack.model_server.program import running
from tests.workers.testing.ollama_http import contract


def test_every_answer_is_as_recorded_or_differs_as_listed():
    # One test: to replay the record takes most of a minute.
    with running() as server:
        answers = contract.replayed(server.url)
    assert len(answers) == 111
    unexplained = {
        name: differing
        for name, seen in answers.items()
        if (differing := contract.unexplained("embedded", name, seen))
    }
    assert unexplained == {}
    assert contract.needless("embedded", answers) == set()
