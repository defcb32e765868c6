"""``/healthz`` tells whether this process can serve."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_answers_ok_without_a_login(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_answers_503(client):
    connection.close()
    pool, port = connection.settings_dict["OPTIONS"].pop("pool"), connection.settings_dict["PORT"]
    host = connection.settings_dict["HOST"]
    connection.settings_dict |= {"PORT": "9", "HOST": "127.0.0.1"}
    try:
        answer = client.get("/healthz")
    finally:
        connection.close()
        connection.settings_dict |= {"PORT": port, "HOST": host}
        connection.settings_dict["OPTIONS"]["pool"] = pool
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
