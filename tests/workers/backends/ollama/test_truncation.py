"""A prompt longer than the window is never answered, whether the server refuses or cuts it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.backends.ollama.asking import ask, failure
from workers.runs.outcomes import Cause, Outcome
from workers.testing import behaviours as b
from workers.testing import tokens
from workers.testing.fake_ollama import FakeOllama
from workers.testing.ollama_http.window import cut
from workers.testing.one_host import OneHost, Pace

WINDOW = 256
OPTIONS = {"context_window": WINDOW}
QUICK = {"pace": Pace(tokens=1, seconds=0.0), "load_seconds": 0.0}
#: Of the user's message and the template around it.
AROUND = tokens.PER_PROMPT + tokens.PER_MESSAGE


@pytest.fixture(scope="module")
def honouring():
    with FakeOllama(one_host=OneHost(**QUICK)) as host:
        yield host


@pytest.fixture(scope="module")
def ignoring():
    with FakeOllama(one_host=OneHost(honours_truncate=False, **QUICK)) as host:
        yield host


def words(count):
    """A prompt of so many tokens on the fake, template included."""
    return " ".join(["word"] * (count - AROUND))


def test_a_refused_prompt_is_an_overflow_with_both_numbers(honouring):
    failed = failure(honouring.host, "a:1", prompt=words(3010), options=OPTIONS)
    assert (failed.outcome, failed.cause) == (Outcome.UNUSABLE, Cause.CONTEXT_OVERFLOW)
    assert (failed.prompt_tokens, failed.context_window) == (3010, WINDOW)
    assert failed.reason == (
        "The prompt and its answer do not fit the model's context: the prompt has 3010 tokens, the"
        " context 256 (HTTP 400 request (3010 tokens) exceeds the available context size (256"
        " tokens), try increasing it)"
    )


@pytest.mark.parametrize("count", [WINDOW, WINDOW + 1, 2 * WINDOW, 3010])
def test_a_prompt_that_was_cut_in_silence_is_an_overflow(ignoring, count):
    failed = failure(ignoring.host, "a:1", prompt=words(count), options=OPTIONS)
    assert (failed.outcome, failed.cause) == (Outcome.UNUSABLE, Cause.CONTEXT_OVERFLOW)
    assert failed.reason.endswith(f"Ollama cut the prompt to {WINDOW // 2 + 2} tokens")


@pytest.mark.parametrize("keep", [0, 4, 24])
@pytest.mark.parametrize("host", ["honouring", "ignoring"])
def test_a_prompt_of_half_of_the_window_is_whole(host, keep, request):
    server = request.getfixturevalue(host)
    count = sum(cut(WINDOW, keep))
    assert ask(server.host, "a:1", prompt=words(count), options=OPTIONS).prompt_tokens == count


def test_a_window_that_only_the_host_knows_is_as_good_as_a_stated_one():
    with FakeOllama(one_host=OneHost(honours_truncate=False, context_length=512, **QUICK)) as host:
        assert failure(host.host, "a:1", prompt=words(600)).cause is Cause.CONTEXT_OVERFLOW
        assert ask(host.host, "a:1", prompt=words(258)).prompt_tokens == 258


def test_where_nobody_states_a_window_the_expected_one_counts(fake_ollama):
    fake_ollama.script("/api/ps", [b.Status(code=500)] * 2)
    fake_ollama.script("m:1", [b.Ok(prompt_tokens=66), b.Ok(prompt_tokens=66)])
    assert failure(fake_ollama.host, "m:1", expected_window=128).cause is Cause.CONTEXT_OVERFLOW


def test_the_longer_prompt_is_asked_for_one_token_and_loads_nothing_anew(ignoring):
    ignoring.reset_statistics()
    before = len(ignoring.requests("/api/chat"))
    ask(ignoring.host, "b:1", prompt=words(WINDOW // 2), options={**OPTIONS, "max_tokens": 9})
    first, longer = ignoring.requests("/api/chat")[before:]
    assert longer.body["messages"][0]["content"].startswith(first.body["messages"][0]["content"])
    assert longer.body["options"] == {**first.body["options"], "num_predict": 1}
    assert longer.body["truncate"] is False
    assert ignoring.statistics["b:1"].loads == 1


def test_an_answer_that_cannot_be_checked_is_asked_for_again(fake_ollama):
    fake_ollama.load("m:1")
    fake_ollama.script("m:1", [b.Ok(prompt_tokens=2048), b.Status(code=503)])
    assert failure(fake_ollama.host, "m:1").outcome is Outcome.TRANSIENT
    fake_ollama.script("m:1", [b.Ok(prompt_tokens=2048), b.Silent()])
    failed = failure(fake_ollama.host, "m:1", limits={"timeout_seconds": 0.3})
    assert failed.outcome is Outcome.SLOW


TEXTS = st.lists(
    st.one_of(
        st.text("abcdefghij klmnop", min_size=1, max_size=40),
        st.text("äöüß größer ", min_size=1, max_size=40),
        st.text("数据分析报告周任务", min_size=1, max_size=40),
        st.text("0123456789 ", min_size=1, max_size=40),
        st.text("{}()=;\n\t if", min_size=1, max_size=40),
        st.text("🙂🚀👍 ", min_size=1, max_size=40),
    ),
    min_size=1,
    max_size=24,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, window=st.sampled_from([64, 100, 256, 400]))
@pytest.mark.parametrize("host", ["honouring", "ignoring"])
def test_no_cut_prompt_succeeds_and_none_that_fits_is_refused(host, request, text, window):
    server = request.getfixturevalue(host)
    fits = AROUND + tokens.count(text) < window
    options = {"context_window": window}
    if fits:
        assert ask(server.host, "a:1", prompt=text, options=options).content
    else:
        cause = failure(server.host, "a:1", prompt=text, options=options).cause
        assert cause is Cause.CONTEXT_OVERFLOW
