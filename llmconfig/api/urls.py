"""Addresses under ``/v1/``."""

from django.urls import path

from llmconfig.api.views import ConfigPreview, UserLLMConfig

urlpatterns = [
    path("users/llm-config", UserLLMConfig.as_view(), name="user-llm-config"),
    path("llm/config/preview", ConfigPreview.as_view(), name="llm-config-preview"),
]
