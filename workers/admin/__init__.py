"""Pages for staff, one file for each model; importing them registers them."""

from workers.admin import breakers, feedback, pauses, runs, worker_nodes  # noqa: F401  (registers their models)
