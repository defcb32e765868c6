"""Metrics of a worker: instruments, labels, and the relay from prefork children."""
