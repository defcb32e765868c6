"""People with permissions, and the queries that a page takes."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def permit():
    """Gives a user permissions by codename."""

    def give(user, *codenames):
        user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
        return user

    return give


@pytest.fixture
def queries_of(staff):
    """How many queries a page takes, when all that is read once has been read."""

    def count(address) -> int:
        staff.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(address).status_code == 200
        return len(queries)

    return count
