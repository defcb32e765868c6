"""The table of metrics in the documentation is the code's."""

import re

from config.env import PROJECT
from workers.metrics import book  # noqa: F401
from workers.metrics.instruments import BOOKED, REGISTRY
from workers.process.metrics_server import stored  # noqa: F401  (the same)

SUFFIXES = {"counter": "_total", "info": "_info"}


def documented():
    rows = re.findall(
        r"^\| `(llm_\w+)` \| (.*?) \|", (PROJECT / "docs/reference/workers.md").read_text(), re.M
    )
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def served():
    """The names as Prometheus sees them."""
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("llm_")]
    return {metric.name + SUFFIXES.get(metric.type, "") for metric in ours}


def test_every_metric_is_documented_and_no_other():
    assert documented().keys() == served()


def test_the_documented_labels_are_those_of_the_code():
    for instrument in BOOKED.values():
        metric = next(iter(instrument.describe()))
        name = metric.name + SUFFIXES.get(metric.type, "")
        assert documented()[name] == set(instrument._labelnames), name
