"""Protocol of the cache: keys, and the only commands that touch them.

Each scope has one key. It holds a random token, or the marks of those who are changing the scope
now. What is kept names the tokens under which it was read, and counts only while they are the
scopes' tokens. So nothing needs to be removed, ever: another token, a mark, or no token at all
makes everything older unreachable, and a token never comes back.

Old and new releases share these keys and must agree on them; only entries have a shape of their
own per release. Every key ends by itself after ``LIFETIME_SECONDS``.
"""

import secrets
from collections.abc import Collection, Iterable
from contextlib import suppress

import redis

from llmconfig.cache.redis_keys import redis_key
from llmconfig.cache.server import Wire

#: Tokens and entries last no longer, and so does what is wrong in them by whatever accident. The
#: mark of a writer that was killed keeps its scope out of the cache for this long.
LIFETIME_SECONDS = 300
_LIFETIME_MS = LIFETIME_SECONDS * 1000

#: The scope of all rows that are not one user's own; it counts for every user.
COMMON = "common"

#: Of more scopes than these, all are changed at once.
MAX_SCOPES = 100

Versions = tuple[bytes, ...]

# Keys; token, lifetime. Answers what the keys hold then.
_ENSURE = """
for _, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2])
end
return redis.call('MGET', unpack(KEYS))
"""

# Keys; writer, lifetime of the writer's mark or 0 to take it away, token, the token's lifetime.
# Marks are written !writer:end, the end in milliseconds by the server's clock.
_CHANGE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(KEYS) do
  local marks, last = {}, now
  local function add(writer, till)
    marks[#marks + 1] = string.format('!%s:%.0f', writer, till)
    last = math.max(last, till)
  end
  for writer, till in string.gmatch(redis.call('GET', key) or '', '!(%x+):(%d+)') do
    till = tonumber(till)
    if writer ~= ARGV[1] and till > now then add(writer, till) end
  end
  if tonumber(ARGV[2]) > 0 then add(ARGV[1], now + tonumber(ARGV[2])) end
  if #marks > 0 then
    redis.call('SET', key, table.concat(marks), 'PX', string.format('%.0f', last - now))
  else
    redis.call('SET', key, ARGV[3], 'PX', ARGV[4])
  end
end
"""


def user_scope(user_id: object) -> str:
    """The scope of one user's rows and groups."""
    return f"user:{user_id}"


def merged(scopes: Iterable[str]) -> set[str]:
    """The scopes to change: all at once where there are many, or where all are among them."""
    found = set(scopes)
    return {COMMON} if COMMON in found or len(found) > MAX_SCOPES else found


def look(
    wire: Wire, scopes: Collection[str], entry: str, namespace: str
) -> tuple[Versions | None, bytes | None]:
    """The scopes' tokens, and what is kept as the entry: one round trip where tokens exist.

    No tokens: a scope is being changed, and nothing may be kept.
    """
    prefix = _prefix(wire, namespace)
    keys = [f"{prefix}{scope}" for scope in scopes]
    *held, kept = wire.call("MGET", *keys, f"{prefix}{entry}")
    if None in held:
        try:
            held = wire.call("EVAL", _ENSURE, len(keys), *keys, secrets.token_hex(8), _LIFETIME_MS)
        except redis.ResponseError:
            return None, None
    return (tuple(held) if all(map(_is_token, held)) else None), kept


def keep(wire: Wire, entry: str, value: str, namespace: str) -> None:
    """Keep a value that names the tokens under which it was read, if the server takes it."""
    with suppress(redis.ResponseError):
        wire.call("SET", f"{_prefix(wire, namespace)}{entry}", value, "PX", _LIFETIME_MS)


def mark(wire: Wire, scopes: Collection[str], writer: str, namespace: str) -> None:
    """Take the tokens away: from now on nothing about the scopes is kept or found."""
    _change(wire, scopes, writer, _LIFETIME_MS, namespace)


def release(wire: Wire, scopes: Collection[str], writer: str, namespace: str) -> None:
    """Take the writer's marks away, and give new tokens where no other writer's mark is left."""
    _change(wire, scopes, writer, 0, namespace)


def _change(
    wire: Wire, scopes: Collection[str], writer: str, lifetime_ms: int, namespace: str
) -> None:
    keys = [f"{_prefix(wire, namespace)}{scope}" for scope in scopes]
    token = secrets.token_hex(8)
    try:
        wire.call("EVAL", _CHANGE, len(keys), *keys, writer, lifetime_ms, token, _LIFETIME_MS)
    except redis.exceptions.OutOfMemoryError:
        # A server that is full still forgets; nothing new fits in meanwhile.
        wire.call("DEL", *keys)


def _prefix(wire: Wire, namespace: str) -> str:
    return redis_key(f"{namespace}:{wire.run}:")


def _is_token(held: bytes | None) -> bool:
    # None even now: something that is no text has the key.
    return held is not None and not held.startswith(b"!")
