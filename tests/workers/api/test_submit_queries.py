"""How many SQL statements submitting takes, with all that is done after its commit."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.workers.api.test_tasks import PROMPT, client_of


@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "one"}], ids=["plain", "with a key"])
def test_submitting_takes_at_most_eight_its_message_and_the_audit_trail_included(
    person, broker, ollama, transactional_db, key
):
    client = client_of(person)
    client.post("/v1/tasks", PROMPT)
    with CaptureQueriesContext(connection) as made:
        assert client.post("/v1/tasks", PROMPT, **key).status_code == 202
    statements = [each["sql"] for each in made if each["sql"] not in ("BEGIN", "COMMIT")]
    assert len(statements) <= 8, "\n".join(statements)
