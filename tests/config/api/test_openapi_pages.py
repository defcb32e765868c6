"""The description and its two pages, for everybody."""

import re

import pytest
import yaml
from django.contrib.staticfiles import finders


def test_the_description_is_yaml_by_default(client):
    answer = client.get("/v1/schema")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"] == "3.1.0"


def test_the_description_is_json_for_who_asks_for_json(client):
    assert client.get("/v1/schema?format=json").json()["openapi"] == "3.1.0"
    asked = client.get("/v1/schema", headers={"Accept": "application/json"})
    assert asked.json()["info"]["title"] == "llmconfig"


@pytest.mark.parametrize("page", ["/v1/docs", "/v1/redoc"])
def test_a_page_takes_nothing_from_other_servers(client, page):
    answer = client.get(page)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "/v1/schema" in text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*', text)
    assets = re.findall(r'(?:src|href)="/static/([^"]+)"', text)
    assert assets
    assert [asset for asset in assets if not finders.find(asset)] == []


@pytest.mark.parametrize("method", ["options", "post"])
@pytest.mark.parametrize("page", ["/v1/docs", "/v1/redoc"])
def test_what_a_page_does_not_take_is_a_problem(client, page, method):
    answer = getattr(client, method)(page)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("address", ["/v1/docs", "/v1/redoc", "/v1/schema"])
def test_a_form_that_there_is_not_is_a_problem_in_json(client, address):
    answer = client.get(address, headers={"Accept": "image/png"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
