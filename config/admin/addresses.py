"""Refuses addresses of the admin that nobody's browser makes."""

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

#: No name, search or filter of the admin is longer.
MAX_VALUE_LENGTH = 1000


def plain_addresses(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Middleware: 400 for what Django's own admin hands to the database and cannot: the NUL
    character, and numbers of thousands of digits."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("admin:index")):
            for name, values in request.GET.lists():
                for text in (name, *values):
                    if "\0" in text or len(text) > MAX_VALUE_LENGTH:
                        raise SuspiciousOperation("A part of the query cannot be read.")
        return get_response(request)

    return middleware
