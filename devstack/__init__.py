"""A whole stack on one machine: embedded database, broker and model server, supervisor and demo.

For development and tests; production neither installs nor imports it.
"""
