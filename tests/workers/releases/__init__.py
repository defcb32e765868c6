"""What the last release wrote and could read, kept as it was: see docs/how-to/deploy.md.

``<task type>.json``: a message as it lay on the broker, and the row that it names.
``reader.schema.json``: what that release accepts as ``llm_config``.
``words.json``: the words and names that it knows.
"""

import json
from pathlib import Path

LAST = Path(__file__).parent / "0.1.0"
_RULES = ("reader.schema.json", "words.json")


def messages():
    """By file name, each kept message with its row."""
    return {path.stem: _read(path) for path in LAST.glob("*.json") if path.name not in _RULES}


def reader():
    """The JSON Schema of a configuration that the last release could read."""
    return _read(LAST / "reader.schema.json")


def words():
    return _read(LAST / "words.json")


def _read(path):
    return json.loads(path.read_text())
