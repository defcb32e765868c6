"""Forms of the admin."""

from llmconfig.forms.preference import PreferenceForm

__all__ = ["PreferenceForm"]
