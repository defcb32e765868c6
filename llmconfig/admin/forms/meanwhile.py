"""What others have changed in a row since a form was opened."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from llmconfig.history.entries import Entry, preference_history, tier_history
from llmconfig.history.states import state_at_version
from llmconfig.tables.models import Preference, Tier
from llmconfig.values.diffs import diff
from llmconfig.values.value_texts import change_text


def changes_since(row: Preference | Tier, version: int | None) -> Iterator[str]:
    """Sentences: who changed the row last and when, and each field that is another now."""
    history = preference_history if isinstance(row, Preference) else tier_history
    for latest in history(row_id=row.pk, limit=1):
        yield _who_and_when(latest)
        opened = version and state_at_version(type(row), row.pk, version)
        if opened:
            yield from map(change_text, diff(opened, latest.state))


def _who_and_when(entry: Entry) -> str:
    return gettext("Changed by %(user)s on %(moment)s.") % {
        "user": entry.by or gettext("a program"),
        "moment": date_format(timezone.localtime(entry.at), "j M Y H:i:s"),
    }
