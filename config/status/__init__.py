"""``GET /v1/status``: how the service is. ``facts`` are gathered, ``word`` judges them."""
