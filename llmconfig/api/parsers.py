"""JSON bodies that cannot surprise: bounded, no duplicate keys, no deep nesting, no NaN."""

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from llmconfig.values.errors import BodyTooLarge

MAX_DEPTH = 32
#: Of a document of preferences: far more than all fields of many task types.
DOCUMENT_MAX_BYTES = 64 * 1024
DOCUMENT_MAX_MEMBERS = 2000


class StrictJSONParser(BaseParser):
    """Raises ``ParseError`` for what is not strict JSON in UTF-8, ``BodyTooLarge`` for too much."""

    media_type = "application/json"

    @property
    def max_bytes(self) -> int:
        """Of a body; 0: no limit."""
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0

    def parse_fraction(self, text: str) -> float:
        return _finite(text)

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = self.max_bytes
        # The framework reads the stream past Django's own limit.
        body = stream.read(limit + 1) if limit else stream.read()
        if limit and len(body) > limit:
            raise BodyTooLarge
        try:
            value = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_object,
                parse_float=self.parse_fraction,
                parse_constant=_refuse,
            )
            _refuse_depth(value)
            return value
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("Not JSON: %(reason)s") % {"reason": error}) from error


class MergePatchParser(StrictJSONParser):
    """The same under the media type of RFC 7396."""

    media_type = "application/merge-patch+json"


class DocumentParser(StrictJSONParser):
    """Of preferences. Raises also ``ParseError`` for more than 2,000 members, of all objects and
    lists together."""

    max_bytes = DOCUMENT_MAX_BYTES

    def parse_fraction(self, text: str) -> float:
        """6.0 is a whole number: JSON Schema makes no difference, nor do some clients."""
        number = _finite(text)
        return int(number) if number.is_integer() else number

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        value = super().parse(stream, media_type, parser_context)
        if sum(map(len, _levels(value))) > DOCUMENT_MAX_MEMBERS:
            limit = {"maximum": DOCUMENT_MAX_MEMBERS}
            raise ParseError(_("The JSON has more than %(maximum)s members.") % limit)
        return whole_numbers(value)


class DocumentPatchParser(DocumentParser):
    """The same under the media type of RFC 7396."""

    media_type = MergePatchParser.media_type


def whole_numbers(value: Any) -> Any:
    """The same with 60.0 as 60: one number to JSON Schema, and to who reads the description."""
    if isinstance(value, dict):
        return {name: whole_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole_numbers(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def body_of(request: Request) -> Any:
    """What was sent. Raises ``ParseError`` where nothing was: that states nothing by mistake."""
    if request.stream is None:
        raise ParseError(_("The request has no body."))
    return request.data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(_("a key is stated twice"))
    return members


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(_("%(number)s is no number of JSON") % {"number": text[:40]})


def _refuse_depth(value: Any) -> None:
    """Raises RecursionError here, before code that follows the value down runs out of stack."""
    if sum(1 for _level in islice(_levels(value), MAX_DEPTH)) == MAX_DEPTH:
        raise RecursionError


def _levels(value: Any) -> Iterator[list[Any]]:
    """The members of the value, those of its members, and so on, as long as there are any."""
    level = [value]
    while level := [
        member
        for item in level
        if isinstance(item, dict | list)
        for member in (item.values() if isinstance(item, dict) else item)
    ]:
        yield level
