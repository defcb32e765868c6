"""A mail server that holds the postman is no reason to end a worker."""

from workers.process.lifecycle import _watched
from workers.process.sweeper import Sweeper
from workers.reports.delivery.postman import Postman


def test_the_sweeper_is_watched_and_the_postman_is_not(monkeypatch):
    sweeper, postman = Sweeper(), Postman()
    monkeypatch.setattr("workers.process.lifecycle._threads", [sweeper, postman])
    assert sweeper in _watched()
    assert postman not in _watched()
