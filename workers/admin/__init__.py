"""Pages for staff, one file for each model; importing them registers them."""

from workers.admin import runs  # noqa: F401  (registers its model)
