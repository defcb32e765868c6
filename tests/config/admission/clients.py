"""Clients as a server tells of them, and an application that works until it may end."""

import asyncio
import json
from collections import deque


async def turns():
    """Let every task go on as far as it can."""
    for _ in range(30):
        await asyncio.sleep(0)


class Working:
    """Answers 200 to the one that began first, when it is told to; ``after`` it has answered, it
    does something more."""

    def __init__(self, answer=b"", after=lambda: asyncio.sleep(0)):
        self.bodies, self.heads, self.now, self.most = [], [], 0, 0
        self._answer, self._after = answer, after
        self._begun = deque()

    async def __call__(self, scope, receive, send):
        self.heads.append(dict(scope["headers"]))
        self.bodies.append((await receive())["body"])
        self.now += 1
        self.most = max(self.most, self.now)
        end = asyncio.get_running_loop().create_future()
        self._begun.append(end)
        await end
        self.now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self._answer})
        await self._after()

    def finish_one(self):
        self._begun.popleft().set_result(None)


class Client:
    """One request, asked as soon as it is made."""

    def __init__(
        self, application, *, path="/v1/tasks", headers=(), pieces=(b"",), whole=True, reads=True
    ):
        self._messages = asyncio.Queue()
        self._sent = []
        self._reads = asyncio.Event()
        self.read(reads)
        for number, piece in enumerate(pieces):
            self.send(piece, more=not whole or number < len(pieces) - 1)
        scope = {"type": "http", "path": path, "headers": list(headers)}
        self._task = asyncio.create_task(application(scope, self._messages.get, self._take))

    def send(self, piece, *, more):
        self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    def read(self, reads):
        """Whether it takes what is sent to it."""
        (self._reads.set if reads else self._reads.clear)()

    def leave(self):
        self._messages.put_nowait({"type": "http.disconnect"})

    async def answered(self):
        await self._task

    async def _take(self, message):
        await self._reads.wait()
        self._sent.append(message)

    @property
    def done(self):
        return self._task.done()

    @property
    def has_an_answer(self):
        return bool(self._sent)

    @property
    def status(self):
        return self._sent[0]["status"]

    @property
    def headers(self):
        return dict(self._sent[0]["headers"])

    @property
    def problem(self):
        return json.loads(self._sent[1]["body"])
