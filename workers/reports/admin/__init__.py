"""Admin of weekly reports; importing the files registers their models."""

from workers.reports.admin import fan_outs, report_settings, reports  # noqa: F401
