"""Addresses under ``/v1/``. Tiers may have any name, also with slashes in it."""

from django.urls import path

from llmconfig.api.documents import (
    OwnDocument,
    SystemDocument,
    TaskTypeDocument,
    TierDocument,
    UserDocument,
)
from llmconfig.api.preview import ConfigPreview

urlpatterns = [
    path("users/llm-config", OwnDocument.as_view(), name="user-llm-config"),
    path("users/<str:user_id>/llm-config", UserDocument.as_view(), name="any-user-llm-config"),
    path("tiers/<path:name>/llm-config", TierDocument.as_view(), name="tier-llm-config"),
    path(
        "task-types/<str:name>/llm-config", TaskTypeDocument.as_view(), name="task-type-llm-config"
    ),
    path("system/llm-config", SystemDocument.as_view(), name="system-llm-config"),
    path("llm/config/preview", ConfigPreview.as_view(), name="llm-config-preview"),
]
