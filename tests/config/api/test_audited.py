"""No operation that may change something escapes the audit trail: all of them are called."""

import re

import pytest
from django.urls import resolve
from knox.models import AuthToken
from rest_framework.test import APIClient

from config.api.schema_views import described
from llmconfig.audit.entries import AuditEntry


def changes():
    """Method and path of each."""
    return [
        (method, path)
        for path, operations in described()["paths"].items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    ]


@pytest.mark.django_db
def test_each_call_of_somebody_we_know_leaves_one_entry(django_user_model):
    user = django_user_model.objects.create_superuser("root")
    assert len(changes()) > 10
    for method, path in changes():
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user)[1]}")
        address = re.sub(r"{\w+}", "none", path)
        answer = getattr(client, method)(address, {"username": "root", "password": "x"})
        entry = AuditEntry.objects.latest("pk")
        told = (entry.username, entry.method, entry.operation, entry.status)
        name = resolve(address).view_name
        assert told == ("root", method.upper(), name, answer.status_code), path
    assert AuditEntry.objects.count() == len(changes())
