import io

import pytest
from rest_framework.exceptions import ParseError

from llmconfig.api.parsers import MergePatchParser, StrictJSONParser
from llmconfig.values.errors import BodyTooLarge


def parse(body: bytes):
    return StrictJSONParser().parse(io.BytesIO(body))


def test_plain_json_is_read():
    assert parse('{"a": ["ö", 1, null]}'.encode()) == {"a": ["ö", 1, None]}


def test_some_nesting_is_accepted():
    assert parse(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "Not JSON"),
        (b"{", "Not JSON"),
        (b'{"a": 1, "a": 2}', "a key is stated twice"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": Infinity}', "Infinity is no number of JSON"),
        (b'{"a": 1e400}', "1e400 is no number of JSON"),
        (b'{"a": "\xff"}', "Not JSON"),
        ('{"a": 1}'.encode("utf-16"), "Not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 33 + b"]" * 33, "nested too deeply"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested too deeply"),
        (b"1" * 20_000, "Not JSON"),
    ],
)
def test_what_is_not_strict_json_is_a_parse_error(body, told):
    with pytest.raises(ParseError, match=told):
        parse(body)


def test_a_body_over_the_limit_is_not_read_to_its_end(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    stream = io.BytesIO(b" " * 10_000)
    with pytest.raises(BodyTooLarge):
        StrictJSONParser().parse(stream)
    assert stream.tell() == 101


def test_a_merge_patch_is_json_too():
    assert issubclass(MergePatchParser, StrictJSONParser)
    assert MergePatchParser.media_type == "application/merge-patch+json"
