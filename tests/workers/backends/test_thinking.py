"""Thinking and stray tokens are cut off an answer's ends, in a stream as in the whole text."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.backends.thinking import ThinkingFilter, cut_thinking
from workers.backends.thinking_markers import FINALS, PAIRS, STRAYS

ANSWER = "The answer is 4."
HARMONY = "<|channel|>analysis<|message|>2 + 2.<|end|><|start|>assistant"


def answer(text):
    return cut_thinking(text).answer.strip()


@pytest.mark.parametrize(
    "text",
    [
        f"<think>2 + 2.</think>{ANSWER}",
        f"<think>\n2 + 2.\n</think>\n\n{ANSWER}",
        f"  <THINK>2 + 2.</Think> {ANSWER}",
        f"<think></think>\n\n{ANSWER}",
        f"<think>a</think>\n<think>b</think>\n{ANSWER}",
        f"<think>one <think> two</think> three</think>{ANSWER}",
        f"<thinking>2 + 2.</thinking>{ANSWER}",
        f"[THINK]2 + 2.[/THINK]{ANSWER}",
        f"2 + 2.\n</think>\n\n{ANSWER}",
        f"2 + 2.</think>\n{ANSWER}",
        f"2 + 2.</think>{ANSWER}",
        f"</think>\n\n{ANSWER}",
        f"```\nnever closed\n</think>\n{ANSWER}",
        f"<|channel|>analysis 2 + 2. <|channel|>final<|message|>{ANSWER}",
        f"{HARMONY}<|channel|>final<|message|>{ANSWER}<|return|>",
        f"{HARMONY}<|channel|>final <|constrain|>json<|message|>{ANSWER}",
        f"{HARMONY}<|channel|>final  <|constrain|>text <|message|>{ANSWER}",
        f"<|channel|>commentary<|message|>x<|end|>{HARMONY}<|channel|>final<|message|>{ANSWER}",
        f"<|channel|>analysis<|message|>2 + 2.<|end|>{ANSWER}",
        f"<|channel|>final<|message|>{ANSWER}",
        f"<|channel|>final {ANSWER}",
        f"2 + 2.<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
        f"{ANSWER}<|im_end|>",
        f"{ANSWER}\n<|eot_id|>\n",
        f"{ANSWER}<|return|><|endoftext|>",
        f"{ANSWER}</s>",
        f"<|im_start|>assistant\n{ANSWER}<|im_end|>\n<|im_start|>assistant",
        f"<|start_header_id|>assistant<|end_header_id|>\n\n{ANSWER}",
        f"{ANSWER}\n<think>Was that right?</think>",
        f"{ANSWER}\n<think>Was that right?",
        f"{ANSWER}<|im_end|>\n<think>Was that right?</think>\n",
    ],
)
def test_what_is_no_answer_is_cut_off_both_ends(text):
    assert answer(text) == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "<think>2 + 2.</think>",
        "<think>2 + 2.",
        "<think>",
        "2 + 2.\n</think>",
        "2 + 2.</think>\n",
        "2 + 2.</think><|im_end|>",
        "<|channel|>analysis<|message|>2 + 2.",
        f"{HARMONY}<|channel|>final<|message|>",
        "<|im_end|>",
        "<|im_start|>assistant\n<|im_end|>",
    ],
)
def test_a_text_that_is_nothing_else_is_empty(text):
    assert answer(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "Models write `<think>` before they answer, and `</think>` behind it.",
        "`<think>` begins it.",
        "The tag </think> ends it. So does nothing else.",
        'It ends with "</think>", always.',
        "It ends with (</think>) in most models.",
        "You close it with </think>",
        "You close it with </think>.",
        "```\n<think>\n2 + 2.\n</think>\n```",
        "Like this:\n\n```xml\n<think>2 + 2.</think>\n```",
        "One.\n<think>Really?</think>\nTwo.",
        "One.<|im_end|>\nTwo.",
        "The token is `<|im_end|>`",
        '{"a": "x</think>y"}',
        '{"a": "<|im_end|>"}',
        '{"a": "x\\n</think>\\ny"} That is all.',
        "It was <s>4</s>",
        "<s>4</s> 5",
        "a < b and [1] and <b>bold</b>",
        "<thin",
        "The end of <|im_end",
        "<|channel",
    ],
)
def test_code_quotations_prose_and_what_stands_in_between_stay(text):
    assert answer(text) == text


def test_thinking_that_ends_and_began_nowhere_is_told():
    assert cut_thinking(f"2 + 2.\n</think>\n{ANSWER}").began_inside
    assert not cut_thinking(f"<think>2 + 2.\n</think>\n{ANSWER}").began_inside
    assert not cut_thinking(ANSWER).began_inside


#: Texts of markers, of what touches them, and of words.
PIECES = st.lists(
    st.sampled_from(
        [*PAIRS, *PAIRS.values(), *FINALS, *STRAYS, "<|channel|>", "analysis", "final", "<s>",
         "a", "b c", " ", "\n", "`", "```\n", "{", '"', ".", "<", "<|", "[", "assistant"]
    ),
    max_size=10,
)  # fmt: skip


def streamed(pieces, **options):
    """All that is shown of a stream, and what the client is left with in the end."""
    found = ThinkingFilter(**options)
    shown, kept, retractions = [], "", 0
    for piece in [*pieces, None]:
        text = found.finish() if piece is None else found.feed(piece)
        if found.retractions > retractions:
            kept, retractions = "", found.retractions
        kept += text
        shown.append(text)
    return "".join(shown), kept, retractions


def cuts(draw, text):
    """The text in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    bounds = [0, *places, len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


@given(PIECES.map("".join), st.data())
@example("2.\n</think>\na", None)
def test_a_stream_in_any_pieces_comes_to_the_whole(text, data):
    whole = cut_thinking(text)
    for pieces in [list(text), *([cuts(data.draw, text)] if data else [])]:
        shown, kept, retractions = streamed(pieces)
        assert kept == whole.answer
        assert retractions == 0 or whole.began_inside
        assert retractions or shown == whole.answer


@given(PIECES.map("".join), st.data())
def test_where_an_end_of_thinking_is_expected_nothing_is_retracted_before_it(text, data):
    first_end = ThinkingFilter(begins_inside=True)
    for piece in cuts(data.draw, text):
        if first_end.feed(piece):
            assert first_end.began_inside
            break
    assert streamed(cuts(data.draw, text), begins_inside=True)[1] == cut_thinking(text).answer


@given(PIECES.map("".join))
def test_an_answer_stays_as_it_is(text):
    once = answer(text)
    if not cut_thinking(text).began_inside:
        assert once in text


@given(st.text(alphabet="ab \n.`{}\"'", max_size=40))
def test_a_text_without_markers_loses_nothing(text):
    assert answer(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("</s>" * 250_000 + "x", "x"),
        ("x" + "</s>" * 250_000 + "y", None),
        ("<think></think>\n" * 60_000 + "x", "x"),
        ("x\n" + "<think>\n" * 100_000 + "y", "x"),
        ("x\n" + "<think></think>\n" * 60_000 + "y", None),
        ("a\n</think>\n" * 80_000 + "x", "x"),
        ("x </think> " * 90_000 + "y", None),
        ("x " + "<" * 1_000_000, None),
    ],
    ids=lambda text: str(text)[:12],
)
def test_a_hostile_text_is_read_once(text, kept):
    """Reading it anew for each marker would take hours."""
    assert answer(text) == (text if kept is None else kept)
