import pytest

from config.embedded.model_server.durations import keep_alive_seconds
from config.embedded.model_server.errors import RequestError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 300),
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
        (-1, None),
        ("-1s", None),
        ("-1m", None),
        (10**400, None),
    ],
)
def test_keep_alive_is_read_as_ollama_reads_it(value, seconds):
    assert keep_alive_seconds(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", [True, [], {}, "", "soon", "5", "5 m", "m", "5mm", "1h-1m"])
def test_other_values_are_refused(value):
    with pytest.raises(RequestError, match="keep_alive"):
        keep_alive_seconds(value)
