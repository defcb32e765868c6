"""The digest under which a name that logs in is counted: what was typed may be long, or a
password."""

import hashlib

from django.contrib.auth import get_user_model


def name_digest(name: object) -> str:
    """Forms read a name without the space around it, however much there is."""
    normal = get_user_model().normalize_username(name.strip()) if isinstance(name, str) else ""
    return hashlib.sha256(normal.encode(errors="replace")).hexdigest()[:16]
