"""Registry of workers: heartbeats, and the models that each has."""
