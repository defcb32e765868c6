"""Ollama's HTTP API as a server: what any server of ours that answers like Ollama shares."""
