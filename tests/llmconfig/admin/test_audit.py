"""The audit trail in the admin: searched and filtered, never edited."""

import pytest
from django.urls import reverse

from llmconfig.audit.entries import AuditEntry

LIST = reverse("admin:llmconfig_auditentry_changelist")


@pytest.fixture
def entries(db):
    common = {"method": "POST", "address": "192.0.2.1", "token_key": "01234567"}
    return [
        AuditEntry.objects.create(**common, username=name, operation=what, object_id=of, status=is_)
        for name, what, of, is_ in [
            ("ada", "task-list", "run-1", 202),
            ("ben", "task-cancel", "run-1", 404),
            ("<b>eve</b>", "auth-token", "", 500),
        ]
    ]


def shown(client, **query):
    """The users of the entries that the list shows."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [entry.username for entry in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("outcome", "names"),
    [("done", ["ada"]), ("refused", ["ben"]), ("error", ["<b>eve</b>"]), ("x", [])],
)
def test_it_is_filtered_by_outcome(staff, entries, outcome, names):
    assert shown(staff, outcome=outcome) == (names or ["<b>eve</b>", "ben", "ada"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ada", ["ada"]),
        ("task-cancel", ["ben"]),
        ("run-1", ["ben", "ada"]),
        ("192.0.2.1", ["<b>eve</b>", "ben", "ada"]),
        ("01234567", ["<b>eve</b>", "ben", "ada"]),
        ("192.0.2.999", []),
    ],
)
def test_it_is_searched_for_whole_words(staff, entries, text, names):
    assert shown(staff, q=text) == names


def test_what_strangers_wrote_is_escaped(staff, entries):
    assert "<b>eve</b>" not in staff.get(LIST).content.decode()


def test_nothing_is_changed_or_deleted(staff, entries):
    form = reverse("admin:llmconfig_auditentry_change", args=[entries[0].pk])
    delete = reverse("admin:llmconfig_auditentry_delete", args=[entries[0].pk])
    assert staff.get(form).status_code == 200
    assert staff.post(form, {"status": 1}).status_code == 403
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [entries[0].pk], "post": "yes"}
    staff.post(LIST, chosen)
    assert AuditEntry.objects.count() == 3
