"""REST API of weekly reports."""
