"""The Celery task of the weekly reports' fan-out."""

from celery import shared_task

from workers.reports import fan_out


@shared_task(name=fan_out.FAN_OUT_TASK)
def enqueue_weekly_reports() -> None:
    """Beat's call, every quarter of an hour; a fan-out that has more to do calls itself."""
    begun = fan_out.fan_out_begin()
    if not fan_out.fan_out_run(begun, seconds=fan_out.DELIVERY_SECONDS):
        enqueue_weekly_reports.delay()
