"""Forms of the admin."""

from llmconfig.forms.preference import PreferenceForm
from llmconfig.forms.tier import TierForm

__all__ = ["PreferenceForm", "TierForm"]
