"""The demo: people, their work, and a table of how it went."""
