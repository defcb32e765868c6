"""The web process: ``uvicorn config.asgi:application``."""

from config.startup import choose_settings, readable_errors, refuse_bad_configuration

choose_settings()
with readable_errors():
    from config.handler import handler

    django = handler()
    from config.admission.asgi import Admission

    # Imports models: only after Django is set up.
    from workers.api.batch import MAX_BYTES
    from workers.streaming.asgi import EventStreams

    # A batch is the largest body of all; each view has its own limit below that.
    admitted = Admission(django, body_bytes=MAX_BYTES)
    # Outermost: an open stream is no request that is worked on.
    application = EventStreams(admitted)
    refuse_bad_configuration()
