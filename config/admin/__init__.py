"""The admin's wiring: menu, first page, and the models of other packages in the same look."""

from config.admin import people, schedules, tokens  # noqa: F401  (registers their models)
