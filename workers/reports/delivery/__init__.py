"""Bringing a report to its person: as HTML, and by mail."""
