"""The audit trail goes by the view, wherever a project mounts it."""

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path
from django.views import View

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class HostView(View):
    """A view of the project that installs the apps."""

    def post(self, request):
        return HttpResponse()


urlpatterns = [
    path("ai/v2/", include("llmconfig.api.urls")),
    path("ai/v2/", include("workers.api.urls")),
    path("mine/", include("workers.reports.pages.urls")),
    path("admin/", admin.site.urls),
    path("v1/mine", HostView.as_view(), name="host-view"),
]


def test_calls_under_another_prefix_leave_an_entry_each(api, trail):
    assert api.put("/ai/v2/users/llm-config", {"timeout_seconds": 30}).status_code == 200
    assert trail("method", "operation", "status") == [("PUT", "user-llm-config", 200)]


def test_a_view_of_the_project_leaves_none(client, ada, trail):
    client.force_login(ada)
    assert client.post("/v1/mine").status_code == 200
    assert trail() == []
