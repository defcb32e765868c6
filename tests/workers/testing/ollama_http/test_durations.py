import pytest

from workers.testing.ollama_http.durations import FOREVER, keep_alive
from workers.testing.ollama_http.errors import RequestError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0),
        ("0", 0),
        ("0s", 0),
        (90, 90),
        (1.5, 1.5),
        ("5m", 300),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("+10s", 10),
        (-1, FOREVER),
        ("-1s", FOREVER),
        ("-1m", FOREVER),
        (10**300, FOREVER),
    ],
)
def test_keep_alive_is_read_as_ollama_reads_it(value, seconds):
    assert keep_alive(value) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (True, "Unsupported type: 'bool'"),
        ([], r"Unsupported type: '\[\]interface {}'"),
        ({}, r"Unsupported type: 'map\[string\]interface {}'"),
        ("", 'time: invalid duration ""'),
        ("soon", 'time: invalid duration "soon"'),
        ("300", 'time: missing unit in duration "300"'),
        ("5 m", 'time: unknown unit " m" in duration "5 m"'),
        ("5mm", 'time: unknown unit "mm" in duration "5mm"'),
        ("1h-1m", 'time: unknown unit "h-" in duration "1h-1m"'),
        ("1h30", 'time: missing unit in duration "1h30"'),
        (".", 'time: invalid duration "."'),
    ],
)
def test_other_values_are_refused_in_gos_words(value, complaint):
    with pytest.raises(RequestError, match=complaint):
        keep_alive(value)
