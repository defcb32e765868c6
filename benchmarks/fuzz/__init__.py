"""The whole API under requests made from its own description, by schemathesis.

``python -m benchmarks.fuzz [--seed N] [--role user|staff] [--examples 500]``: a real uvicorn with
PostgreSQL, Valkey, live workers and a fake Ollama; every check, and sequences of calls.
"""
