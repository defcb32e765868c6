"""How reports that are due at once are spread over time. Pure."""

from datetime import timedelta
from hashlib import sha256


def offset_of(user_id: int, week: str, spread: timedelta) -> timedelta:
    """Where in the spread a user's report of a week begins: evenly over users, and always alike."""
    digest = sha256(f"{user_id}:{week}".encode()).digest()
    return spread * (int.from_bytes(digest[:6], "big") / 2**48)
