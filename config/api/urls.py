"""Addresses below ``/v1/`` that belong to neither package."""

from django.urls import path

from config.api.schema_views import RedocView, SchemaView, SwaggerView
from config.status.views import StatusView

urlpatterns = [
    path("status", StatusView.as_view(), name="status"),
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(), name="docs"),
    path("redoc", RedocView.as_view(), name="redoc"),
]
