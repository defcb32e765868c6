"""For testing task types and workers against an Ollama that breaks on demand.

`fake_ollama` is a real server on a real socket, for tests (`pytest_plugin`) and by hand
(``python -m workers.testing.fake_ollama``); `behaviours` is what it can do.
"""
