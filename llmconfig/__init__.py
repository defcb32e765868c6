"""What to use: the hierarchy of configuration for language-model work."""

__version__ = "0.1.0"
