"""Addresses of the admin that nobody's browser makes."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "query", ["term=%00", "user=" + "9" * 5000, "%00=x", "q=" + "x" * 1001, "user=" + "9" * 30]
)
@pytest.mark.parametrize(
    "page", ["preference/people/", "preference/effective/", "preference/users/"]
)
def test_they_break_nothing(admin_client, page, query):
    answer = admin_client.get(f"/admin/llmconfig/{page}?{query}", follow=True)
    assert answer.status_code < 500


@pytest.mark.parametrize("query", ["term=%00", "user=" + "9" * 5000, "%00=x"])
def test_what_cannot_be_read_is_400(admin_client, query):
    assert admin_client.get(f"/admin/llmconfig/preference/people/?{query}").status_code == 400


def test_long_queries_outside_the_admin_are_not_its_business(client):
    assert client.get("/healthz?x=" + "9" * 5000).status_code == 200
