"""Behaviours that refuse by an HTTP status."""

from dataclasses import dataclass

from workers.testing.behaviours.base import Behaviour, Ok
from workers.testing.reply import Reply


@dataclass(frozen=True)
class Missing(Behaviour):
    """404: the model was never pulled."""

    async def load(self, reply: Reply) -> bool:
        await self.answer(reply)
        return False

    async def answer(self, reply: Reply) -> None:
        await reply.error(404, f"model '{reply.exchange.model}' not found")


@dataclass(frozen=True)
class LoadFails(Behaviour):
    """Refuse to load the model: it does not fit, say."""

    code: int = 500
    message: str = "model requires more system memory than is available"

    async def load(self, reply: Reply) -> bool:
        await reply.error(self.code, self.message)
        return False

    async def answer(self, reply: Reply) -> None:
        await Ok().answer(reply)


@dataclass(frozen=True)
class Status(Behaviour):
    """An HTTP status with Ollama's ``{"error": body}``, or ``raw`` instead."""

    code: int = 503
    body: str = "server busy, please try again"
    retry_after: str | int | None = None
    raw: bytes | str | None = None
    content_type: str = "application/json; charset=utf-8"

    async def answer(self, reply: Reply) -> None:
        headers = {"Content-Type": self.content_type}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.raw is None:
            await reply.error(self.code, self.body, headers)
        else:
            raw = self.raw.encode() if isinstance(self.raw, str) else self.raw
            await reply.connection.respond(self.code, raw, headers)


@dataclass(frozen=True)
class Redirect(Behaviour):
    """307 to another address."""

    location: str = "http://127.0.0.1:9/elsewhere"

    async def answer(self, reply: Reply) -> None:
        await reply.connection.respond(307, b"", {"Location": self.location})


@dataclass(frozen=True)
class NoSuchPath(Behaviour):
    """404, as a web server says it that is not Ollama."""

    async def answer(self, reply: Reply) -> None:
        page = Status(code=404, raw="404 page not found", content_type="text/plain")
        await page.answer(reply)
