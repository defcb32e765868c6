"""Mails are sent at most once: what is refused is tried again, what nobody knows of is not."""

import email
import email.policy
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.workers.backends.ollama.asking import free_port
from tests.workers.reports.delivery.conftest import mail_goes_to
from workers.reports.delivery import postman as postman_module
from workers.reports.delivery.mailing import GIVEN_UP_AFTER, LOST_AFTER
from workers.reports.delivery.outcomes import MOST_AFTER_PERMANENT, WAITS
from workers.reports.delivery.postman import Postman
from workers.reports.models import Delivery, MailState, ReportSettings, WeeklyReport
from workers.reports.weeks import Week

pytestmark = pytest.mark.django_db(transaction=True)


def due_now(report):
    WeeklyReport.objects.filter(pk=report.pk).update(mail_at=timezone.now())


def test_a_mail_is_sent_once_with_both_forms_and_its_links(mail_server, postman, report_of):
    report = report_of()
    postman()
    postman()
    report.refresh_from_db()
    assert (report.mail_state, report.mail_tries, mail_server.received) == (MailState.SENT, 1, 1)
    message = email.message_from_bytes(mail_server.taken[0], policy=email.policy.default)
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Your week 2026-W47"
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "# Done" in text
    assert "<em>everything</em>" in html
    assert f"https://app.example/reports/{report.pk}/" in text
    assert "https://app.example/reports/settings/" in html


def test_a_mail_names_the_model_that_wrote_its_text(mail_server, postman, report_of, sent):
    report_of("bob", run=sent(at=timezone.now(), model_used="<ok>:3b"))
    postman()
    message = email.message_from_bytes(mail_server.taken[0], policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "The text was written by the model <ok>:3b from your entries." in text
    assert "The text was written by the model &lt;ok&gt;:3b from your entries." in html


def test_a_mail_tells_what_its_text_leaves_out(mail_server, postman, report_of):
    report_of(notes=[{"code": "entries_left_out", "detail": "2 of 9 <entries> were left out."}])
    postman()
    message = email.message_from_bytes(mail_server.taken[0], policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    assert text.splitlines()[2:5] == ["(2 of 9 <entries> were left out.)", "", "# Done"]
    assert "2 of 9 &lt;entries&gt; were left out." in message.get_body(("html",)).get_content()


def test_a_mail_names_its_week_and_the_language_of_its_text(mail_server, postman, report_of):
    report_of(language="de")
    postman()
    message = email.message_from_bytes(mail_server.taken[0], policy=email.policy.default)
    html = message.get_body(("html",)).get_content()
    assert '<html lang="en">' in html
    assert '<div class="text" lang="de" dir="auto"><h2>Done</h2>' in html
    assert "2026-W47</h1>" in html
    assert "2026-W47</title>" in html
    assert message.get_body(("plain",)).get_content().splitlines()[0].endswith("2026-W47")


@pytest.mark.parametrize(
    ("languages", "lang", "tokens"), [(["en"], "en", "12,345"), (["en", "de"], "de", "12.345")]
)
def test_figures_are_written_in_the_language_of_the_words_beside_them(
    mail_server, postman, report_of, settings, languages, lang, tokens
):
    settings.LANGUAGES = [(tag, tag) for tag in languages]
    usage = {"prompt_tokens": 12_345, "completion_tokens": 1}
    report_of(language="de", facts={"usage": usage})
    postman()
    message = email.message_from_bytes(mail_server.taken[0], policy=email.policy.default)
    assert f'<html lang="{lang}">' in message.get_body(("html",)).get_content()
    assert f": {tokens}\r\n" in message.get_body(("plain",)).get_content()


def test_a_mail_keeps_its_id_which_is_told_in_one_line(mail_server, postman, report_of):
    mail_server.script = {"message": ["451 later"]}
    report = report_of()
    postman()
    due_now(report)
    postman()
    (taken,) = mail_server.taken
    assert f"\r\nMessage-ID: <{report.pk.hex}@app.example>\r\n".encode() in taken


def test_all_that_wait_are_sent_by_one_look(mail_server, postman, report_of):
    for name in ("ada", "ben", "cleo"):
        report_of(name)
    postman()
    assert len(mail_server.taken) == 3


@pytest.mark.parametrize(
    ("step", "answer"), [("rcpt", "450 busy"), ("message", "451 later"), ("mail", "421 no")]
)
def test_what_is_refused_for_now_is_tried_again_later(
    mail_server, postman, report_of, step, answer
):
    mail_server.script = {step: [answer]}
    report = report_of()
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.WAITING
    assert report.mail_error == answer
    assert timezone.now() < report.mail_at <= timezone.now() + WAITS[0]
    due_now(report)
    postman()
    report.refresh_from_db()
    assert (report.mail_state, report.mail_tries) == (MailState.SENT, 2)
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize("step", ["ehlo", "mail", "rcpt"])
def test_a_connection_that_ends_before_the_message_has_refused_it_for_now(
    mail_server, postman, report_of, step
):
    mail_server.script = {step: [None]}
    report = report_of()
    postman()
    report.refresh_from_db()
    assert (report.mail_state, report.mail_tries) == (MailState.WAITING, 1)
    assert report.mail_error == "421 Connection unexpectedly closed"
    due_now(report)
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.SENT
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(("step", "answer"), [("rcpt", "550 no such user"), ("message", "554 no")])
def test_what_is_refused_for_good_is_tried_a_few_times_more(
    mail_server, postman, report_of, step, answer
):
    tries = MOST_AFTER_PERMANENT + 1
    mail_server.script = {step: [answer] * (tries + 1)}
    report = report_of()
    for _ in range(tries):
        assert WeeklyReport.objects.get().mail_state == MailState.WAITING
        due_now(report)
        postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.REFUSED
    postman()
    assert mail_server.connections == tries


def test_a_server_that_refuses_until_it_is_set_right_has_each_mail_once(
    mail_server, postman, report_of
):
    mail_server.script = {"mail": ["530 log in first"] * 5}
    report = report_of()
    for _ in range(6):
        due_now(report)
        postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.SENT
    assert len(mail_server.taken) == 1


def test_refusals_for_now_end_some_time(mail_server, postman, report_of):
    report = report_of(mail_tries=len(WAITS))
    mail_server.script = {"rcpt": ["450 still busy"]}
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.REFUSED


def test_a_mail_whose_answer_never_came_is_unknown_and_not_sent_again(
    mail_server, postman, report_of
):
    mail_server.script = {"message": [None]}
    report = report_of()
    postman()
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.UNKNOWN
    assert mail_server.received == 1


@pytest.mark.parametrize("answer", ["200 fine", "251 forwarded", "taken", ""])
def test_a_mail_whose_answer_is_neither_yes_nor_no_is_unknown(
    mail_server, postman, report_of, answer
):
    mail_server.script = {"message": [answer]}
    report = report_of()
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.UNKNOWN
    assert mail_server.received == 1


def test_a_connection_that_ends_says_nothing_of_the_next_mail(mail_server, postman, report_of):
    mail_server.script = {"message": [None]}
    first, second = report_of("ada"), report_of("ben")
    WeeklyReport.objects.filter(pk=first.pk).update(mail_at=timezone.now() - timedelta(hours=1))
    postman()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.mail_state, second.mail_state) == (MailState.UNKNOWN, MailState.SENT)


def test_a_mail_server_that_falls_silent_leaves_it_unknown(report_of, postman, mail_server):
    silence = threading.Event()
    mail_server.script = {"message": [lambda: silence.wait(20) and None]}
    report = report_of()
    with mail_goes_to(f"smtp://127.0.0.1:{mail_server.port}", timeout=0.5):
        postman()
    silence.set()
    report.refresh_from_db()
    assert report.mail_state == MailState.UNKNOWN


@pytest.mark.parametrize("greeting", [None, "554 not today", "nobody"])
def test_no_mail_is_marked_while_the_mail_server_is_away(mail_server, report_of, greeting):
    report = report_of()
    mail_server.script = {"connect": [greeting]}
    port = free_port() if greeting == "nobody" else mail_server.port
    looking = Postman()
    with mail_goes_to(f"smtp://127.0.0.1:{port}"):
        looking.tick()
    report.refresh_from_db()
    assert (report.mail_state, report.mail_tries) == (MailState.WAITING, 0)
    looking.tick()
    assert not mail_server.taken, "it is left alone for a while"


def test_a_mail_server_that_was_away_is_asked_again(mail_server, report_of, monkeypatch):
    monkeypatch.setattr(postman_module, "AWAY_SECONDS", 0.0)
    report_of()
    mail_server.script = {"connect": ["421 busy"]}
    looking = Postman()
    looking.tick()
    looking.tick()
    assert len(mail_server.taken) == 1


def test_a_mail_whose_sender_died_is_unknown(mail_server, postman, report_of):
    long_ago = timezone.now() - LOST_AFTER - timedelta(seconds=1)
    lost = report_of("ada", mail_state=MailState.SENDING, mail_tries=1, mail_at=long_ago)
    busy = report_of("ben", mail_state=MailState.SENDING, mail_tries=1)
    postman()
    lost.refresh_from_db()
    busy.refresh_from_db()
    assert (lost.mail_state, busy.mail_state) == (MailState.UNKNOWN, MailState.SENDING)
    assert mail_server.received == 0


def test_a_sender_that_was_taken_for_lost_changes_nothing_of_a_later_try(
    mail_server, postman, report_of
):
    report = report_of()
    later = timezone.now() + timedelta(seconds=1)

    def sent_by_somebody_else():
        sending = {"mail_state": MailState.SENDING, "mail_tries": 1, "mail_at": later}
        WeeklyReport.objects.filter(pk=report.pk).update(**sending)
        connection.close()
        return "451 later"

    mail_server.script = {"message": [sent_by_somebody_else]}
    postman()
    report.refresh_from_db()
    assert (report.mail_state, report.mail_at) == (MailState.SENDING, later)


def test_a_mail_that_nobody_could_send_for_days_is_given_up(report_of, postman):
    waiting = report_of(mail_at=timezone.now() - GIVEN_UP_AFTER - timedelta(seconds=1))
    with mail_goes_to(f"smtp://127.0.0.1:{free_port()}"):
        postman()
    waiting.refresh_from_db()
    assert waiting.mail_state == MailState.REFUSED


@pytest.mark.parametrize(
    "address", ["ada@example.org, ben@example.org", "ada@", " ", "ada@x.org\r\nBcc: ben@x.org"]
)
def test_what_is_no_address_is_refused_without_a_word_to_the_mail_server(
    mail_server, postman, report_of, address
):
    report = report_of()
    type(report.user).objects.update(email=address)
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.REFUSED
    assert report.mail_error
    assert mail_server.received == 0


@pytest.mark.parametrize("change", ["no address", "inactive", "page", "off"])
def test_who_wants_or_can_have_no_mail_any_more_gets_none(mail_server, postman, report_of, change):
    report = report_of()
    user = report.user
    if change == "no address":
        user.email = ""
    if change == "inactive":
        user.is_active = False
    user.save()
    if change == "page":
        ReportSettings.objects.create(user=user, delivery=Delivery.PAGE)
    if change == "off":
        ReportSettings.objects.create(user=user, enabled=False)
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.NONE
    assert mail_server.received == 0


def test_an_address_that_cannot_be_written_is_refused_for_good(mail_server, postman, report_of):
    report = report_of()
    type(report.user).objects.update(email="ada@example.org\nBcc: eve@example.org")
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.REFUSED
    assert mail_server.received == 0


def test_many_postmen_send_each_mail_once(mail_server, report_of):
    reports = [report_of(f"user{number}", week=Week(2026, 40)) for number in range(12)]

    def look():
        Postman().tick()
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail_server.taken) == len(reports)
    tries = set(WeeklyReport.objects.values_list("mail_state", "mail_tries"))
    assert tries == {(MailState.SENT, 1)}


def test_without_a_mail_server_nothing_is_tried(report_of, postman, settings):
    settings.REPORT_MAIL = False
    report = report_of()
    postman()
    report.refresh_from_db()
    assert report.mail_state == MailState.WAITING
