"""The same request has the same answer, whatever ran before it and wherever it runs."""

import random

import ollama

from tests.devstack.model_server.program import MODEL, SLOW, request_in_flight, running

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 40}},
    "required": ["title"],
}
TEXTS = [
    "Name three colours.",
    "Name three colours of the sea.",
    "Summarise: fixed the login page, reviewed two pull requests, wrote docs. " * 4,
]
REQUESTS = [
    {"prompt": text, "format": form, "options": {"temperature": heat, "seed": 7, "num_predict": 24}}
    for text in TEXTS
    for heat, form in ((0, None), (0.8, SCHEMA), (0.8, None))
]


def answers(server, *, order):
    with ollama.Client(server.url, timeout=60) as client:
        found = {index: client.generate(MODEL, **REQUESTS[index]).response for index in order}
    return [found[index] for index in sorted(order)]


def test_texts_do_not_depend_on_order_interruption_process_or_threads(server):
    order = list(range(len(REQUESTS)))
    expected = answers(server, order=order)
    assert len(set(expected)) > len(TEXTS)

    random.Random(1).shuffle(order)
    with request_in_flight(server, "/api/generate", SLOW) as connection:
        connection.recv(1000)
    assert answers(server, order=order) == expected

    with running("--threads", "2") as other:
        # A few of them: two threads are slow beside other busy processes.
        assert answers(other, order=range(0, len(REQUESTS), 4)) == expected[::4]


def test_other_seeds_give_other_texts(client):
    def text(seed):
        options = {"temperature": 1.5, "seed": seed, "num_predict": 24}
        return client.generate(MODEL, prompt="Tell me a story.", options=options).response

    assert text(1) != text(2)


def test_without_a_seed_texts_differ(client):
    options = {"temperature": 1.5, "num_predict": 24}
    texts = {
        client.generate(MODEL, prompt="Tell me a story.", options=options).response
        for _ in range(3)
    }
    assert len(texts) > 1
