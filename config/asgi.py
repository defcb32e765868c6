"""The web process: ``uvicorn config.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

from config.startup import readable_errors, refuse_bad_configuration

with readable_errors():
    from django.core.asgi import get_asgi_application

    django = get_asgi_application()
    # Imports models: only after Django is set up.
    from workers.events.asgi import EventStreams

    # Outermost: an open stream is no request that is worked on.
    application = EventStreams(django)
    refuse_bad_configuration()
