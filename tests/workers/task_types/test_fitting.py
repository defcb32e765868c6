"""Which entries are kept so that a prompt fits, whatever tokenizer the server has."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workers.task_types.drafts import Draft
from workers.task_types.fitting import TEMPLATE_TOKENS, Fitting
from workers.task_types.prompts import Prompt

#: On a server that refuses, each refusal brings its count.
MOST_ASKED = 12


def draft(*texts, dates=None):
    return Draft(
        texts=texts,
        dates=dates or [""] * len(texts),
        render=lambda kept: Prompt(system="", user="".join(texts[index] for index in kept)),
    )


def fitting(texts, room, **more):
    return Fitting(draft(*texts, **more), window=room + TEMPLATE_TOKENS, answer=0)


def digits(*lengths):
    """Texts of so many tokens by the estimate."""
    return ["1" * length for length in lengths]


def test_what_fits_by_the_estimate_is_kept_whole():
    fit = fitting(digits(10, 10), room=20)
    assert fit.is_settled
    assert (list(fit.kept), fit.left_out) == ([0, 1], 0)


def test_what_does_not_fit_by_the_estimate_is_to_be_counted_first():
    fit = fitting(digits(10, 11), room=20)
    assert not fit.is_settled
    assert fit.left_out == 0


def test_a_count_that_leaves_room_for_the_answer_settles_it():
    fit = fitting(digits(10, 11), room=20)
    fit.counted(30)
    assert fit.is_settled
    assert fit.left_out == 0


def test_the_oldest_entries_are_left_out():
    fit = fitting(digits(10, 10, 10, 10), room=20)
    assert fit.cut()
    assert (list(fit.kept), fit.left_out) == ([2, 3], 2)


def test_the_oldest_are_those_of_the_earliest_dates():
    dates = ["2026-11-18", "2026-11-17", "2026-11-16"]
    fit = fitting(digits(10, 10, 10), room=20, dates=dates)
    fit.cut()
    assert list(fit.kept) == [0, 1]


def test_an_entry_without_a_date_is_as_old_as_the_one_before_it():
    dates = ["2026-11-18", "", "2026-11-16", ""]
    assert draft(*"abcd", dates=dates).newest_first() == [1, 0, 3, 2]


def test_an_entry_that_fits_not_even_alone_goes_before_older_ones():
    fit = fitting(digits(10, 10, 99), room=20)
    fit.cut()
    assert list(fit.kept) == [0, 1]


def test_one_entry_is_always_kept_the_shortest_where_none_fits():
    fit = fitting(digits(40, 30, 50), room=20)
    assert fit.cut()
    assert list(fit.kept) == [1]
    assert fit.is_settled
    assert not fit.cut()


def test_a_refusal_scales_the_estimate_by_what_the_server_counted():
    fit = fitting(digits(*[10] * 10), room=40)
    # As many tokens as estimated, and half as many again.
    assert fit.refused(3 * (TEMPLATE_TOKENS + 100) // 2, window=TEMPLATE_TOKENS + 40)
    assert fit.left_out == 10 - 1


def test_a_refusal_names_the_window_that_holds():
    fit = Fitting(draft(*digits(*[100] * 10)), window=4096, answer=1024)
    assert fit.is_settled
    assert fit.refused(TEMPLATE_TOKENS + 1000, window=600)
    assert fit.window == 600
    # Half of it is the answer's.
    assert TEMPLATE_TOKENS + 100 * len(fit.kept) <= 300


def test_a_prompt_that_fits_beside_its_answer_is_not_shortened_for_its_answer():
    fit = fitting(digits(10, 10), room=100)
    assert not fit.refused(50, window=TEMPLATE_TOKENS + 100)


def test_a_prompt_that_is_cut_although_it_should_fit_costs_twice_the_estimate():
    fit = fitting(digits(*[10] * 10), room=150)
    assert fit.cut()
    assert 2 * (TEMPLATE_TOKENS + 10 * len(fit.kept)) <= TEMPLATE_TOKENS + 150


ENTRIES = st.lists(st.tuples(st.integers(1, 300), st.floats(0.2, 3.0)), min_size=1, max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    entries=ENTRIES,
    window=st.sampled_from([256, 1024, 4096]),
    template=st.integers(0, TEMPLATE_TOKENS),
    honours=st.booleans(),
)
def test_it_ends_with_a_prompt_that_fits_if_an_entry_does(entries, window, template, honours):
    """``entries``: the estimate of each, and how many tokens the server counts for one of those."""
    texts = digits(*(length for length, _density in entries))
    tokens = [max(1, round(length * density)) for length, density in entries]
    fit = Fitting(draft(*texts), window=window, answer=window // 4)

    def counted():
        return template + sum(tokens[index] for index in fit.kept)

    for _ in range(MOST_ASKED if honours else len(entries) + MOST_ASKED):
        whole = counted() < window
        if whole and fit.is_settled:
            break
        if whole:
            fit.counted(counted())
        elif not (fit.refused(counted(), window) if honours else fit.cut()):
            break
    if counted() >= window:
        assert len(fit.kept) == 1
        assert template + tokens[fit.kept[0]] >= window
