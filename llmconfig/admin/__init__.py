"""Pages for staff, one file for each model; importing them registers them."""

from llmconfig.admin import audit, preferences, tiers  # noqa: F401  (registers its models)
