"""The schedule in the admin."""

import pytest
from celery import current_app
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks
from kombu.exceptions import OperationalError

from config.admin import schedules

pytestmark = pytest.mark.django_db
LIST = "admin:django_celery_beat_periodictask_changelist"
CHANGE = "admin:django_celery_beat_periodictask_change"


@pytest.fixture
def task():
    crontab = CrontabSchedule.objects.create(minute="*/15", timezone="UTC")
    return PeriodicTask.objects.create(
        name="weekly-reports", task="llm.enqueue_weekly_reports", crontab=crontab
    )


@pytest.fixture
def broker():
    current_app.control.purge()
    yield current_app
    current_app.control.purge()


def form(row, **values):
    """What a browser sends back of the page, with changes."""
    stated = {"name": row.name, "regtask": "", "task": row.task, "enabled": "on", "args": "[]",
              "kwargs": "{}", "crontab": row.crontab_id or "", "interval": ""}  # fmt: skip
    return {**stated, **values}


def act(client, task, action):
    marked = {"action": action, "_selected_action": [task.pk]}
    return client.post(reverse(LIST), marked, follow=True)


def test_staff_change_when_a_task_runs(admin_client, task):
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    before = PeriodicTasks.last_change()
    sent = form(task, crontab="", interval=hourly.pk)
    assert admin_client.post(reverse(CHANGE, args=[task.pk]), sent).status_code == 302
    task.refresh_from_db()
    assert (task.crontab, task.interval) == (None, hourly)
    # Which is how beat learns of it.
    assert PeriodicTasks.last_change() > before


@pytest.mark.parametrize(
    "values", [{"crontab": ""}, {"args": "{"}, {"args": "{}"}, {"kwargs": "[]"}, {"task": ""}]
)
def test_what_cannot_run_is_refused_in_the_form(values, admin_client, task):
    page = admin_client.post(reverse(CHANGE, args=[task.pk]), form(task, **values))
    assert page.status_code == 200
    assert page.context["adminform"].form.errors or page.context["errors"]


def test_a_crontab_that_is_none_is_refused(admin_client):
    address = reverse("admin:django_celery_beat_crontabschedule_add")
    sent = {"minute": "61", "hour": "*", "day_of_week": "*", "day_of_month": "*",
            "month_of_year": "*", "timezone": "UTC"}  # fmt: skip
    page = admin_client.post(address, sent)
    assert "minute" in page.context["adminform"].form.errors


def test_a_task_is_disabled_and_enabled_and_beat_is_told(admin_client, task):
    before = PeriodicTasks.last_change()
    act(admin_client, task, "disable")
    task.refresh_from_db()
    assert not task.enabled
    assert PeriodicTasks.last_change() > before
    started = timezone.now()
    act(admin_client, task, "enable")
    task.refresh_from_db()
    assert task.enabled
    # What would have run meanwhile is not caught up.
    assert task.last_run_at >= started


def test_a_task_is_sent_now(admin_client, task, broker):
    page = act(admin_client, task, "run_now")
    assert "weekly-reports was sent." in page.content.decode()
    with broker.connection_for_read() as connection:
        queue = broker.amqp.router.route({}, task.task)["queue"].name
        message = connection.SimpleQueue(queue).get(timeout=5)
        assert message.headers["task"] == task.task
        message.ack()


def test_a_broker_that_is_away_is_told(admin_client, task, monkeypatch):
    def away(_task):
        raise OperationalError("refused")

    monkeypatch.setattr(schedules, "_send", away)
    page = act(admin_client, task, "run_now").content.decode()
    assert "weekly-reports was not sent: refused" in page


def test_a_task_that_has_no_queue_is_told(admin_client, task):
    PeriodicTask.objects.update(task="somebody.elses")
    assert "was not sent" in act(admin_client, task, "run_now").content.decode()


DELETE = "admin:django_celery_beat_%s_delete"


def schedule_of(kind, task):
    """A schedule of this kind that the task runs by."""
    if kind == "crontabschedule":
        return task.crontab
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    PeriodicTask.objects.filter(pk=task.pk).update(crontab=None, interval=interval)
    return interval


@pytest.mark.parametrize("kind", ["crontabschedule", "intervalschedule"])
@pytest.mark.parametrize("way", ["page", "action"])
def test_a_schedule_that_a_task_runs_by_is_not_deleted(kind, way, admin_client, task):
    row = schedule_of(kind, task)
    if way == "page":
        page = admin_client.post(reverse(DELETE % kind, args=[row.pk]), {"post": "yes"})
    else:
        marked = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        page = admin_client.post(reverse(f"admin:django_celery_beat_{kind}_changelist"), marked)
    assert page.status_code == 200
    assert "weekly-reports" in page.content.decode()
    assert type(row).objects.filter(pk=row.pk).exists()
    assert PeriodicTask.objects.filter(pk=task.pk).exists()


@pytest.mark.parametrize("kind", ["crontabschedule", "intervalschedule"])
def test_a_schedule_that_no_task_runs_by_is_deleted(kind, admin_client, task):
    row = schedule_of(kind, task)
    PeriodicTask.objects.all().delete()
    admin_client.post(reverse(DELETE % kind, args=[row.pk]), {"post": "yes"})
    assert not type(row).objects.filter(pk=row.pk).exists()


def test_a_task_of_the_system_is_neither_deleted_nor_renamed(admin_client, task):
    admin_client.post(reverse(DELETE % "periodictask", args=[task.pk]), {"post": "yes"})
    admin_client.post(reverse(CHANGE, args=[task.pk]), form(task, name="other"))
    task.refresh_from_db()
    assert task.name == "weekly-reports"


def test_a_task_of_staff_is_deleted_and_renamed(admin_client, task):
    PeriodicTask.objects.update(name="mine")
    task.refresh_from_db()
    admin_client.post(reverse(CHANGE, args=[task.pk]), form(task, name="other"))
    task.refresh_from_db()
    assert task.name == "other"
    admin_client.post(reverse(DELETE % "periodictask", args=[task.pk]), {"post": "yes"})
    assert not PeriodicTask.objects.exists()
