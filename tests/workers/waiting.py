"""Waiting for what another process or thread does."""

import time


def wait_until(condition, seconds=30):
    """The condition's first true value. Fails when it does not come."""
    until = time.monotonic() + seconds
    while not (met := condition()):
        assert time.monotonic() < until, f"nothing came in {seconds} s"
        time.sleep(0.05)
    return met
