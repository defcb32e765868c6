"""One host with short generations, and a client that may send several requests at once."""

import asyncio
import contextlib

import ollama
import pytest

from workers.testing.fake_ollama import FakeOllama
from workers.testing.one_host import OneHost, Pace

QUICK = Pace(tokens=4, seconds=0.1)
#: So many at once that they are never all between two generations.
STEADY = 5


class Asking:
    """Sends generations to one host, several at once; ``order`` has the tags in order of answer."""

    def __init__(self, fake):
        self.fake = fake
        self.client = ollama.AsyncClient(fake.host, timeout=20)
        self.order = []
        self.tasks = []

    async def chat(self, model, prompt="Say hi.", tag=None, **more):
        answer = await self.client.chat(model, [{"role": "user", "content": prompt}], **more)
        self.order.append(model if tag is None else tag)
        return answer

    async def start(self, model, tag=None, **more):
        """Begin a generation, and return when the host has it."""
        task = asyncio.create_task(self.chat(model, tag=tag, **more))
        self.tasks.append(task)
        await self.sees(len(self.fake.log) + 1)
        return task

    async def sees(self, count):
        await self.until(lambda: len(self.fake.log) >= count)

    async def until(self, condition):
        for _ in range(2000):
            if condition():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("the condition did not come true")

    async def steadily(self, model, **more):
        """Keep generations of the model open for ever, one at least at any time."""
        async with asyncio.TaskGroup() as group:
            for _ in range(STEADY):
                group.create_task(self._for_ever(model, more))
                await asyncio.sleep(QUICK.seconds / STEADY)

    async def _for_ever(self, model, more):
        while True:
            await self.chat(model, **more)

    @contextlib.asynccontextmanager
    async def steady(self, model, **more):
        task = asyncio.create_task(self.steadily(model, **more))
        await self.until(lambda: model in self.order)
        yield
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def run():
    """Runs ``scenario(asking)`` against one host with these settings; its result."""

    def run(scenario, **settings):
        options = {"pace": QUICK, "load_seconds": 0.0, **settings}
        with FakeOllama(one_host=OneHost(**options)) as fake:

            async def main():
                asking = Asking(fake)
                try:
                    return await asyncio.wait_for(scenario(asking), 30)
                finally:
                    await asking.client.close()

            return asyncio.run(main())

    return run
