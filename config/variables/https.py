"""Variables of production that hold browsers to HTTPS: redirect, cookies, HSTS (RFC 6797)."""

from typing import Any

from config.env_values import flag, seconds
from config.variables.reading import Variables
from llmconfig.values.durations import DAY

YEAR = 365 * DAY


def https_read(variables: Variables) -> dict[str, Any]:
    """By the fields of ``config.env.Environment``."""
    parsed = {
        "ssl_redirect": variables.parsed("SECURE_SSL_REDIRECT", "true", flag),
        "secure_cookies": variables.parsed("SESSION_COOKIE_SECURE", "true", flag),
        "hsts_seconds": variables.parsed("SECURE_HSTS_SECONDS", "1h", seconds(0, 2 * YEAR)),
        "hsts_subdomains": variables.parsed("SECURE_HSTS_INCLUDE_SUBDOMAINS", "false", flag),
        "hsts_preload": variables.parsed("SECURE_HSTS_PRELOAD", "false", flag),
    }
    if parsed["hsts_preload"] and not (
        parsed["hsts_subdomains"] and (parsed["hsts_seconds"] or 0) >= YEAR
    ):
        variables.problem(
            "SECURE_HSTS_PRELOAD",
            "browsers preload a domain for a year or more, with all names below it; accepted: true"
            " beside SECURE_HSTS_INCLUDE_SUBDOMAINS=true and SECURE_HSTS_SECONDS=365d, or false",
        )
    return parsed
