"""Readers race writers that commit and writers that roll back. ``benchmarks`` runs more rounds."""

import threading

import pytest
from django.db import connection, transaction

from llmconfig.models import Preference

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 150
READERS = 3
#: Written, and always rolled back.
POISON = 2_000_000_000


class Race:
    """Writers count a user's seed up; what readers see must never be older than the count that was
    committed before they asked."""

    def __init__(self, user, row, resolved):
        self.user, self.row, self.resolved = user, row, resolved
        self.committed = 0
        self.over = threading.Event()
        self.wrong, self.reads = [], 0

    def write(self):
        try:
            for number in range(1, ROUNDS + 1):
                with transaction.atomic():
                    self.set(POISON)
                    transaction.set_rollback(True)
                with transaction.atomic():
                    self.set(number)
                self.committed = number
        finally:
            self.over.set()
            connection.close()

    def set(self, number):
        self.row.parameters = {"seed": number}
        Preference.save(self.row)

    def read(self):
        try:
            while not self.over.is_set():
                at_least = self.committed
                seen = self.resolved(self.user).parameters["seed"]
                self.reads += 1
                if not at_least <= seen <= ROUNDS:
                    self.wrong.append((at_least, seen))
        finally:
            connection.close()

    def run(self):
        threads = [threading.Thread(target=self.read) for _ in range(READERS)]
        threads.append(threading.Thread(target=self.write))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)


@pytest.mark.parametrize("whose", ["the user's", "everyone's"])
def test_no_reader_sees_what_is_old_or_was_rolled_back(
    ada, state, resolved, whose, django_assert_num_queries
):
    row = state(user=ada if whose == "the user's" else None, parameters={"seed": 0})
    race = Race(ada, row, resolved)
    race.run()
    assert race.committed == ROUNDS
    assert race.reads > ROUNDS
    assert race.wrong == []
    assert resolved(ada).parameters["seed"] == ROUNDS
    with django_assert_num_queries(0):
        assert resolved(ada).parameters["seed"] == ROUNDS
