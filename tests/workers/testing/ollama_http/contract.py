"""Replays the record of a real Ollama against a server, and compares the answers' shapes.

What a server of ours leaves out on purpose stands in docs/reference/ollama-api.md, a row for each
difference.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from config.env import PROJECT

TEXT = (Path(__file__).parent.parent / "ollama_record.json").read_text()
RECORD = json.loads(TEXT)
PAGE = (PROJECT / "docs" / "reference" / "ollama-api.md").read_text()
#: Server, request and what differs: the first three cells of a row.
ROWS = re.compile(r"^\| (fake|embedded|chance) \| (.+?) \| (.+?) \| .+ \|$", re.MULTILINE)
MODEL = "smollm2:135m"


@dataclass(frozen=True)
class Seen:
    """One answer."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def type(self):
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def chunks(self):
        """The JSON values of the body, if it has any."""
        return [json.loads(line) for line in self.content.splitlines()]


def left_out(server):
    """What a server leaves out, or what chance decides: pairs of a request and what differs."""
    return {(name, what) for owner, name, what in ROWS.findall(PAGE) if owner == server}


@cache
def record_for(model):
    """The record as it would be of another model."""
    if model == MODEL:
        return RECORD
    return json.loads(TEXT.replace(MODEL, model).replace("SmolLM2:135M", model.upper()))


def replayed(url, model=MODEL):
    """The answers to all requests of the record in their order; the model is loaded before."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        client.post("/api/generate", json={"model": model}).raise_for_status()
        return {name: _sent(client, name, model) for name in RECORD}


def body_of(name, model=MODEL):
    """What a request of the record sends: an object, a text or None."""
    body = record_for(model)[name]["request"][2]
    return _long(name, model) if body == "(long)" else body


def _sent(client, name, model):
    method, path, _body = RECORD[name]["request"]
    body = body_of(name, model)
    content = json.dumps(body) if isinstance(body, dict) else body
    answer = client.request(method, path, content=content or None)
    return Seen(answer.status_code, answer.headers, answer.content)


def _long(name, model):
    """The two requests that the record does not spell out."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "word " * 6000}],
        "stream": False,
        "options": {"num_predict": 8, "num_ctx": 512},
    }
    return {**body, "truncate": False} if "truncate false" in name else body


def differences(name, seen, model=MODEL):
    """What differs from the record: ``{what: (recorded, seen)}``."""
    recorded = record_for(model)[name]
    pairs = {
        "status": (recorded["status"], seen.status),
        "type": (recorded["type"], seen.type),
        "location": (recorded.get("location"), seen.headers.get("location")),
        **_text(recorded, seen),
        **_json(recorded, seen),
    }
    return {what: pair for what, pair in pairs.items() if pair[0] != pair[1]}


def unexplained(server, name, seen):
    """The differences that the page does not list."""
    rows = left_out(server) | left_out("chance")
    listed = {what for request, what in rows if request == name}
    return {what: pair for what, pair in differences(name, seen).items() if what not in listed}


def needless(server, answers):
    """What the page lists and does not differ."""
    differ = {(name, what) for name in answers for what in differences(name, answers[name])}
    return left_out(server) - differ


def _text(recorded, seen):
    return {"text": (recorded["text"], seen.content.decode())} if "text" in recorded else {}


def _json(recorded, seen):
    if "first" not in recorded:
        return {}
    try:
        first, *_, last = [seen.chunks[0], *seen.chunks]
    except ValueError:
        return {"first": (recorded["first"], seen.content[:80])}
    values = {key.partition(" ")[2]: recorded[key] for key in recorded if key.startswith("value ")}
    pairs = {key: (value, last.get(key)) for key, value in values.items()}
    pairs |= {key: (recorded[key], shape(part)) for key, part in (("first", first), ("last", last))}
    if "chunks" in recorded:
        pairs["chunks"] = (recorded["chunks"], "many" if len(seen.chunks) > 2 else "one")
    if "has content" in recorded:
        text = last.get("message", {}).get("content") or "".join(map(_content, seen.chunks))
        pairs["content"] = (recorded["has content"], bool(text))
    return pairs


def _content(chunk):
    return chunk.get("message", {}).get("content", "")


def shape(value):
    """The keys and types of a JSON value; a list has the shape of its first item."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "null" if value is None else type(value).__name__
