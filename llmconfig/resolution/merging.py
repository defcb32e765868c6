"""Merge of layers and rows, shared by resolving, explaining and inheriting."""

from collections.abc import Mapping
from typing import Any

from llmconfig.layers.ladder import Rows, ladder
from llmconfig.layers.static import Static
from llmconfig.resolution.resolver import Merged, merge
from llmconfig.values import task_types


def rows_merge(
    task_type: str | None, *, static: Static, rows: Rows, request: Mapping[str, Any]
) -> Merged:
    """Everything stated for the user of the rows, merged under that user's policy.

    Without a task type: what holds before any is known. Raises ``UnknownTaskType``.
    """
    statements, invalid = ladder(
        task_type,
        sources=static.sources,
        defaults={} if task_type is None else task_types.defaults(task_type),
        rows=rows,
        request=request,
    )
    return merge(statements, policy=rows.narrow(static.policy), skipped=invalid)
