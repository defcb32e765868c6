from workers.testing.ollama_http.timestamps import rfc3339


def test_times_are_utc_with_a_z():
    assert rfc3339(0.25) == "1970-01-01T00:00:00.250000Z"


def test_for_ever_is_the_last_day_of_the_calendar():
    assert rfc3339(float("inf")) == "9999-12-31T00:00:00.000000Z"
