"""How dates and times are written, for all languages that have a folder here."""
