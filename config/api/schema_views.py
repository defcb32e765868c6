"""The description itself, and two pages to read it: for everybody, from this server alone."""

from functools import lru_cache
from typing import Any

from django.urls import get_script_prefix
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerView,
)
from rest_framework.request import Request
from rest_framework.response import Response

#: What the framework answers to OPTIONS is data, and a page's template has no place for it.
PAGE_METHODS = ["get", "head"]


@lru_cache(maxsize=1)
def described() -> dict[str, Any]:
    """The whole API as OpenAPI 3.1. It stays the same while a process lives."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)
    return schema


class SchemaView(SpectacularAPIView):
    """YAML, or JSON for ``?format=json`` and for who accepts that alone."""

    def _get_schema_response(self, request: Request) -> Response:
        path = get_script_prefix().rstrip("/")
        return Response({**described(), **({"servers": [{"url": path}]} if path else {})})


class SwaggerView(SpectacularSwaggerView):
    http_method_names = PAGE_METHODS


class RedocView(SpectacularRedocView):
    http_method_names = PAGE_METHODS
    template_name = "config/redoc.html"
