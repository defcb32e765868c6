"""Weekly reports: one for each person and ISO week in which there was something to report."""

REPORT_TYPE = "TASK_TYPE_WEEKLY_REPORT"
