"""Logging in with the browser: as often as over the API, counted together with it."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from config.api.throttles.limits import LOGIN, limits, rate_of
from config.api.throttles.throttle import login_buckets
from llmconfig.audit.client_addresses import client_address, network_of

View = Callable[..., Any]


def limited(view: View) -> View:
    """A view that takes user names and passwords, with ``API_RATE_LOGIN``: 429 beyond it."""

    @wraps(view)
    def limited_view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        wait = _wait(request) if request.method == "POST" else 0
        return _too_many(request, wait) if wait > 0 else view(request, *args, **kwargs)

    return limited_view


#: The login of the pages for people; where there are none it leads to ``LOGIN_REDIRECT_URL``.
login = limited(
    LoginView.as_view(
        next_page="report-list-page" if apps.is_installed("workers.reports") else None,
        redirect_authenticated_user=True,
    )
)


def _wait(request: HttpRequest) -> float:
    rate = rate_of(LOGIN)
    if rate is None:
        return 0
    network = network_of(client_address(request))
    buckets = login_buckets(network, request.POST.get("username"), rate)
    return limits.admit(LOGIN, list(buckets))


def _too_many(request: HttpRequest, wait: float) -> HttpResponse:
    seconds = math.ceil(wait)
    answer = render(request, "config/too_many.html", {"seconds": seconds}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
