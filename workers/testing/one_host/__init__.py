"""The fake as one host: Ollama's scheduler with places, a pending queue, loads and evictions.

`options.OneHost` is what may be set, `statistics` what a benchmark reads.
"""

from workers.testing.one_host.options import OneHost, Pace
from workers.testing.one_host.statistics import ModelStatistics

__all__ = ["ModelStatistics", "OneHost", "Pace"]
