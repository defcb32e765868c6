"""Addresses under ``/v1/``. A tier may have any name, also with slashes in it."""

from django.urls import path

from llmconfig.api import documents, history, rollbacks
from llmconfig.api.preview import ConfigPreview

urlpatterns = [
    path("llm/config/preview", ConfigPreview.as_view(), name="llm-config-preview"),
]

for where, name, document, entries, rollback in (
    (
        "users/llm-config",
        "user-llm-config",
        documents.OwnDocument,
        history.OwnHistory,
        rollbacks.OwnRollback,
    ),
    (
        "users/<str:user_id>/llm-config",
        "any-user-llm-config",
        documents.UserDocument,
        history.UserHistory,
        rollbacks.UserRollback,
    ),
    (
        "tiers/<path:name>/llm-config",
        "tier-llm-config",
        documents.TierDocument,
        history.TierHistory,
        rollbacks.TierRollback,
    ),
    (
        "task-types/<str:name>/llm-config",
        "task-type-llm-config",
        documents.TaskTypeDocument,
        history.TaskTypeHistory,
        rollbacks.TaskTypeRollback,
    ),
    (
        "system/llm-config",
        "system-llm-config",
        documents.SystemDocument,
        history.SystemHistory,
        rollbacks.SystemRollback,
    ),
):
    urlpatterns += [
        path(where, document.as_view(), name=name),
        path(f"{where}/history", entries.as_view(), name=f"{name}-history"),
        path(f"{where}/rollback", rollback.as_view(), name=f"{name}-rollback"),
    ]
