"""Outages of models and of their server, on worker processes, in the times that they really take.

    python -m benchmarks.outages                    # all of them, some four minutes
    python -m benchmarks.outages primary_answers_503

Each scenario is a function in `scenarios` that returns its `Figures`: what was measured, what was
promised, and whether it holds.
"""
