"""Translations for a program that must start without Django's settings."""

import gettext as catalogues
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[1] / "locale"

gettext = catalogues.translation("django", LOCALE, fallback=True).gettext
