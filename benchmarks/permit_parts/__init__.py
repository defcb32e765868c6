"""The parts of ``python -m benchmarks.permits``."""
