"""Every address of the web process."""

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLResolver, include, path, re_path
from django.utils.translation import gettext_lazy as _

from config.health import healthz, readyz
from config.login import limited, login
from config.problems import unknown_address

admin.site.index_title = _("Overview")
admin.site.index_template = "config/index.html"

handler400 = "config.problems.bad_request"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"


def _reports(route: str, urls: str) -> list[URLResolver]:
    return [path(route, include(urls))] if apps.is_installed("workers.reports") else []


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("v1/", include("config.api.urls")),
    path("v1/", include("config.api.accounts.urls")),
    path("v1/", include("llmconfig.api.urls")),
    path("v1/", include("workers.api.urls")),
    *_reports("v1/", "workers.reports.api.urls"),
    re_path(r"^v1(?:/|$)", unknown_address),
    *_reports("reports/", "workers.reports.pages.urls"),
    path("login/", login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/login/", limited(admin.site.login)),
    path("admin/", admin.site.urls),
]
