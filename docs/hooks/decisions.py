"""MkDocs hook: lists each page of docs/decisions in the navigation, by number."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig


def on_config(config: "MkDocsConfig") -> None:
    """Extend the section that the configuration begins with the index alone."""
    [section] = [each["Decisions"] for each in config.nav or [] if "Decisions" in each]
    found = Path(config.docs_dir, "decisions").glob("[0-9]*.md")
    section += [f"decisions/{page.name}" for page in sorted(found)]
