"""The record: rows of runs and attempts, their states, and every change of a status."""
