"""Why somebody is not let in, in the framework's own tree.

AuthenticationFailed
└── InvalidCredentials          401  invalid_credentials
PermissionDenied
└── CSRFFailed                  403  csrf_failed
"""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied


class InvalidCredentials(AuthenticationFailed):
    """The same whatever was wrong: the name, the password, or that the user is not active."""

    default_code = "invalid_credentials"
    default_detail = _("No active user has this name and password.")


class CSRFFailed(PermissionDenied):
    """A change by a browser's session came without Django's CSRF token."""

    default_code = "csrf_failed"
