"""Rows of weekly reports, their settings and fan-outs."""

from workers.reports.models.fan_outs import FanOut, ReportRefusal
from workers.reports.models.reports import (
    Delivery,
    MailState,
    ReportSettings,
    Weekday,
    WeeklyReport,
)

__all__ = [
    "Delivery",
    "FanOut",
    "MailState",
    "ReportRefusal",
    "ReportSettings",
    "Weekday",
    "WeeklyReport",
]
