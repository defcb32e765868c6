"""Django behind a real server, in this process."""

import asyncio
import threading

import pytest
import redis
import uvicorn
from django.core.asgi import get_asgi_application
from knox.models import AuthToken

from devstack.embedded.stack import Stack
from devstack.embedded.valkey import Valkey
from tests.proxy import Proxy
from tests.workers.streaming.speaking import Speaker
from tests.workers.streaming.watching import Watch
from tests.workers.waiting import wait_until
from workers.streaming import publisher
from workers.streaming.asgi import EventStreams
from workers.submission.enqueue import enqueue


class Web:
    """The server, and clients of it."""

    def __init__(self):
        self.application = EventStreams(get_asgi_application())
        config = uvicorn.Config(
            self.application, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=3
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._watches = []
        self._thread.start()
        wait_until(lambda: self._server.started)

    @property
    def port(self):
        [listener] = self._server.servers[0].sockets
        return listener.getsockname()[1]

    def watch(self, run, token, last_id=None, query=""):
        url = f"http://127.0.0.1:{self.port}/v1/tasks/{run.pk}/events{query}"
        watch = Watch(url, {"Authorization": f"Token {token}"}, last_id)
        self._watches.append(watch)
        return watch

    def stop(self):
        if self.application._hub is not None and self._thread.is_alive():
            # In the main thread a signal does it.
            self._loop.call_soon_threadsafe(self.application._hub.close)
        self._server.should_exit = True
        self._thread.join(20)
        for watch in self._watches:
            watch.wait_end()

    def _run(self):
        async def serve():
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        asyncio.run(serve())


@pytest.fixture
def web(transactional_db):
    server = Web()
    yield server
    server.stop()


@pytest.fixture
def token(person):
    return AuthToken.objects.create(user=person)[1]


@pytest.fixture
def ask(person):
    """Asks for a text."""
    return lambda **options: enqueue(
        task_type="TASK_TYPE_TEXT_GENERATION",
        payload={"prompt": "Say hello."},
        user_id=person.pk,
        **options,
    )


@pytest.fixture
def server(tmp_path_factory, settings, monkeypatch):
    """A Redis of this test's own behind a wire that can be cut: the client, and the wire."""
    with Stack(tmp_path_factory.mktemp("stack"), parts=(Valkey,), environ={}) as stack:
        direct = redis.Redis.from_url(stack.environment["REDIS_URL"])
        connected = direct.connection_pool.connection_kwargs
        with Proxy((connected["host"], connected["port"])) as proxy:
            settings.REDIS_URL = f"redis://127.0.0.1:{proxy.port}/0"
            monkeypatch.setattr(publisher, "_publisher", publisher.Publisher())
            yield direct, proxy
            publisher.current().close()
        direct.close()


@pytest.fixture
def speaker():
    """Begins to work on a run, as a worker does."""
    return Speaker
