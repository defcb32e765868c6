"""The web process: ``uvicorn config.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

from config.startup import readable_errors, refuse_bad_configuration

with readable_errors():
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    refuse_bad_configuration()
