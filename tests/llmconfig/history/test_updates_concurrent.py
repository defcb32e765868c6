"""Writes of many rows while others change the same rows."""

import pytest
from django.db import transaction

from llmconfig.models import Preference
from llmconfig.store.services import preference_save
from tests.llmconfig.history.threads import Work, wait_until_blocked


@pytest.mark.django_db(transaction=True)
def test_a_row_that_changed_so_that_it_is_not_meant_any_more_has_no_record_of_an_update(ada):
    row = preference_save(preference=Preference(user=ada, max_retries=1), by=None)
    with transaction.atomic():
        row.max_retries = 2
        preference_save(preference=row, by=None)
        update = Work(lambda: Preference.objects.filter(max_retries=1).update(max_retries=9))
        wait_until_blocked()
    assert update.result == 0
    assert list(Preference.objects.values_list("max_retries", "version")) == [(2, 2)]
    assert Preference.history.count() == 2
