"""The fake answers the 111 requests of the record as the real Ollama did."""

import pytest

from tests.workers.testing.ollama_http import contract
from workers.testing.fake_ollama import FakeOllama


@pytest.fixture(scope="module")
def answers():
    with FakeOllama(models=[contract.MODEL]) as fake:
        return contract.replayed(fake.host)


@pytest.mark.parametrize("name", contract.RECORD)
def test_an_answer_is_as_recorded(answers, name):
    assert contract.unexplained("fake", name, answers[name]) == {}


def test_what_is_left_out_differs(answers):
    assert contract.needless("fake", answers) == set()


def test_the_whole_record_is_replayed(answers):
    assert len(answers) == 111


def test_chance_decides_only_where_no_seed_is_stated():
    for name, _what in contract.left_out("chance"):
        body = contract.body_of(name)
        assert "seed" not in body["options"]
        assert body["options"].get("temperature") != 0
