"""What is shown and never edited."""

from llmconfig.admin.read_only import ReadOnly

__all__ = ["ReadOnly"]
