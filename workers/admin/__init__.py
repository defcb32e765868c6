"""Pages for staff, one file for each model; importing them registers them."""

from workers.admin import (  # noqa: F401  (registers their models)
    breakers,
    fan_outs,
    feedback,
    pauses,
    permit_pools,
    report_settings,
    reports,
    runs,
    worker_nodes,
)
