"""Who changes what over the API, and why: as services record it."""

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.request import Request

from llmconfig.tables.authorship import API


def author(request: Request) -> dict[str, Any]:
    """The caller; the reason is the parameter ``reason`` of the address."""
    # The global permission class lets nobody else reach a view.
    by = cast("AbstractBaseUser", request.user)
    return {"by": by, "source": API, "reason": request.query_params.get("reason")}
