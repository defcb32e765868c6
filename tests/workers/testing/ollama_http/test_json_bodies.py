import pytest

from workers.testing.ollama_http.errors import RequestError
from workers.testing.ollama_http.json_bodies import parse


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "missing request body"),
        (b" \n", "missing request body"),
        (b"{", "unexpected EOF"),
        (b'{"a": 1', "unexpected EOF"),
        (b'"a', "unexpected EOF"),
        (b'"a\\', "unexpected EOF"),
        (b"{nope", "invalid character 'n' looking for beginning of object key string"),
        (b"nope", "invalid character 'n' looking for beginning of value"),
        (b"[1,]", "invalid character ']' looking for beginning of value"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
        (b'{"a": [1 2]}', "invalid character '2' after array element"),
        (b'{"a": "{[" 2}', "invalid character '2' after object key:value pair"),
        (b'"a\nb"', r"invalid character '\n' in string literal"),
        (b'"\\q"', r"invalid character 'q' in string escape code"),
        (b'{"a": NaN}', "invalid character 'N' looking for beginning of value"),
        (b'{"a": -Infinity}', "invalid character 'I' in numeric literal"),
        (b'{"a": 1e999}', "json: cannot unmarshal number 1e999 into Go value of type float64"),
        (b"[" * 100_000, "exceeded max depth"),
        (b"[" * 800 + b'"\\ud800"' + b"]" * 800, "exceeded max depth"),
    ],
)
def test_what_is_no_json_is_refused_in_gos_words(content, complaint):
    with pytest.raises(RequestError) as caught:
        parse(content)
    assert (caught.value.message, caught.value.status) == (complaint, 400)


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_longer_than_any_double_is_refused(digits):
    with pytest.raises(RequestError, match="cannot unmarshal number 999"):
        parse(b"9" * digits)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": 1} and more', {"a": 1}),
        (b'"\\ud800"', "\ufffd"),
        (b'"\xff"', "\ufffd"),
        (b'{"\\udc00": ["\\ud800\\udc00"]}', {"\ufffd": ["\U00010000"]}),
    ],
)
def test_what_go_forgives_is_forgiven(content, value):
    assert parse(content) == value
