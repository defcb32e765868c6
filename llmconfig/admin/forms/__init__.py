"""Forms of the admin."""

from llmconfig.admin.forms.preference import PreferenceForm
from llmconfig.admin.forms.tier import TierForm

__all__ = ["PreferenceForm", "TierForm"]
