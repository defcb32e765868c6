"""One question on its way, whoever asks and whatever hangs."""

import threading

import pytest

from config.shared_answer import SharedAnswer

LONG = 60


class Question:
    """Counts how often it is asked, and answers when it may."""

    def __init__(self, *, open_at_once=True):
        self.asked, self.may_answer = 0, threading.Event()
        if open_at_once:
            self.may_answer.set()

    def __call__(self):
        self.asked += 1
        self.may_answer.wait(LONG)
        return self.asked


def test_many_who_ask_at_once_share_one_question():
    question, told = Question(open_at_once=False), []
    shared = SharedAnswer(question, kept_seconds=LONG, wait_seconds=LONG)
    threads = [threading.Thread(target=lambda: told.append(shared.get())) for _ in range(20)]
    for thread in threads:
        thread.start()
    question.may_answer.set()
    for thread in threads:
        thread.join()
    assert (told, question.asked) == ([1] * 20, 1)


@pytest.mark.parametrize(("kept", "asked"), [(LONG, 1), (0, 3)], ids=["kept", "not kept"])
def test_an_answer_is_kept_as_long_as_it_is_said(kept, asked):
    question = Question()
    shared = SharedAnswer(question, kept_seconds=kept, wait_seconds=LONG)
    assert [shared.get() for _ in range(3)][-1] == asked


def test_while_a_question_hangs_one_caller_waits_and_the_others_do_not():
    question = Question(open_at_once=False)
    shared = SharedAnswer(question, kept_seconds=LONG, wait_seconds=0.01)
    assert shared.get() is None
    # They would wait for an hour.
    shared._wait = 3600
    assert [shared.get() for _ in range(5)] == [None] * 5
    assert question.asked == 1
    underway = shared._underway
    question.may_answer.set()
    assert underway.wait(LONG)
    assert shared.get() == 1


def test_what_fails_is_no_answer_and_is_asked_again(caplog):
    answers = iter([ZeroDivisionError(), "well"])

    def ask():
        if isinstance(answer := next(answers), Exception):
            raise answer
        return answer

    shared = SharedAnswer(ask, kept_seconds=0, wait_seconds=LONG)
    assert shared.get() is None
    assert "failed" in caplog.text
    assert shared.get() == "well"


def test_what_is_forgotten_is_asked_anew_though_the_old_question_hangs():
    question = Question(open_at_once=False)
    shared = SharedAnswer(question, kept_seconds=LONG, wait_seconds=0.01)
    assert shared.get() is None
    old = shared._underway
    shared.forget()
    question.may_answer.set()
    assert old.wait(LONG)
    shared._wait = LONG
    assert shared.get() == 2
