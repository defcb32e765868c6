"""Reading what was counted since a test began."""

import pytest

from workers.metrics.instruments import REGISTRY


@pytest.fixture
def counted():
    """How much a sample has grown since the test began."""
    begun = {}

    def value(name, **named):
        return REGISTRY.get_sample_value(name, named) or 0.0

    def grown(name, **named):
        return value(name, **named) - begun.get((name, *sorted(named.items())), 0.0)

    for metric in REGISTRY.collect():
        for sample in metric.samples:
            begun[sample.name, *sorted(sample.labels.items())] = sample.value
    return grown
