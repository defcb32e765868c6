"""The documents of every scope, and who calls for them."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.llmconfig.conftest import INSIGHT

SCOPES = ("own", "user", "tier", "task type", "system")
SHARED = ("tier", "task type", "system")
#: Those whose documents also state for single task types.
OWNED = ("own", "user", "tier")


@dataclass(frozen=True)
class World:
    """Ada calls: ``own`` is hers, ``user`` is bob's."""

    ada: Any
    bob: Any
    premium: Any

    def url(self, scope: str, tail: str = "") -> str:
        return {
            "own": "/v1/users/llm-config",
            "user": f"/v1/users/{self.bob.pk}/llm-config",
            "tier": f"/v1/tiers/{self.premium.name}/llm-config",
            "task type": f"/v1/task-types/{INSIGHT}/llm-config",
            "system": "/v1/system/llm-config",
        }[scope] + tail

    def columns(self, scope: str) -> dict[str, Any]:
        """Of a row that the scope's document holds."""
        return {
            "own": {"user": self.ada},
            "user": {"user": self.bob},
            "tier": {"group": self.premium},
            "task type": {"task_type": INSIGHT},
            "system": {},
        }[scope]


def client(user: Any) -> APIClient:
    """The API as somebody calls it, with a token."""
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
    return api


def permit(user: Any, *actions: str) -> None:
    """Make somebody staff who may do this to preferences in the admin."""
    user.is_staff = True
    user.save()
    names = [f"{action}_preference" for action in actions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
