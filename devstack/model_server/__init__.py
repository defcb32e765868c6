"""A small server that speaks Ollama's HTTP API, with one set of small weights.

Start it with ``python -m devstack.model_server --port N``. It is a program of its own: it
reads no settings, and its answers are in the protocol's English.
"""
