"""Pages for staff, one file for each model; importing them registers them."""

from workers.admin import (  # noqa: F401  (registers their models)
    breakers,
    feedback,
    pauses,
    permit_pools,
    runs,
    worker_nodes,
)
