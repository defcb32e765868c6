"""A worker process: its threads, registry entry, metrics server, health and doctor."""
