"""Behaviours whose answer breaks, or is none."""

from dataclasses import dataclass

from workers.testing.behaviours.base import Behaviour, Ok, say
from workers.testing.reply import Reply


@dataclass(frozen=True)
class CutStream(Behaviour):
    """So many tokens, then the connection closes."""

    tokens: int = 3

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        reply.connection.cut()


@dataclass(frozen=True)
class Reset(Behaviour):
    """The connection is reset: after so many tokens, after the head alone, or before it."""

    tokens: int = 0
    head: bool = False

    async def answer(self, reply: Reply) -> None:
        if self.head:
            await reply.head()
        await say(reply, self.tokens)
        reply.connection.reset()


@dataclass(frozen=True)
class NoDone(Behaviour):
    """So many tokens and a proper end of the response, but never ``done``."""

    tokens: int = 3

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await reply.end()


@dataclass(frozen=True)
class EmptyBody(Behaviour):
    """200 and nothing at all."""

    async def answer(self, reply: Reply) -> None:
        await reply.end()


@dataclass(frozen=True)
class BrokenJson(Behaviour):
    """So many tokens, then a line that is cut in the middle."""

    tokens: int = 2
    line: bytes = b'{"model": "x", "message": {"role": "assi\n'

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await reply.raw_line(self.line)
        await reply.end()


@dataclass(frozen=True)
class ErrorMidStream(Behaviour):
    """So many tokens, then an error line under HTTP 200."""

    tokens: int = 2
    message: object = "model runner has unexpectedly stopped"

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await reply.line({"error": self.message})
        await reply.end()


@dataclass(frozen=True)
class DoneWithError(Behaviour):
    """So many tokens, then a last line that says both: done, and an error."""

    tokens: int = 2

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await reply.line({"done": True, "done_reason": "stop", "error": "out of memory"})
        await reply.end()


@dataclass(frozen=True)
class BrokenText(Behaviour):
    """A complete answer with bytes in it that are no UTF-8."""

    async def answer(self, reply: Reply) -> None:
        said = b'{"message": {"role": "assistant", "content": "caf\xe9 \xff"}, "done": false}\n'
        await reply.raw_line(said)
        await reply.done()


@dataclass(frozen=True)
class Html(Behaviour):
    """200 with a web page: a proxy's log-in, say."""

    async def answer(self, reply: Reply) -> None:
        page = b"<!doctype html>\n<title>Please log in</title>\n"
        await reply.connection.respond(200, page, {"Content-Type": "text/html"})


@dataclass(frozen=True)
class Gzipped(Behaviour):
    """Claim a content encoding that was not asked for."""

    async def answer(self, reply: Reply) -> None:
        await reply.connection.respond(200, b"\x1f\x8b\x08", {"Content-Encoding": "gzip"})


@dataclass(frozen=True)
class Garbage(Behaviour):
    """Bytes that are no HTTP."""

    async def answer(self, reply: Reply) -> None:
        await reply.connection.raw(b"\x00\x01 this is no HTTP\r\n\r\n")
        reply.connection.cut()


@dataclass(frozen=True)
class SwitchProtocols(Behaviour):
    """101: to a protocol that nobody asked for."""

    async def answer(self, reply: Reply) -> None:
        await reply.connection.head(101, {"Connection": "upgrade", "Upgrade": "websocket"})
        reply.connection.cut()


@dataclass(frozen=True)
class BadChunk(Behaviour):
    """So many tokens, then a chunk whose length is no number."""

    tokens: int = 2

    async def answer(self, reply: Reply) -> None:
        await say(reply, self.tokens)
        await reply.connection.raw(b"twelve\r\nand so on\r\n")
        reply.connection.cut()


@dataclass(frozen=True)
class ShortBody(Behaviour):
    """So many tokens of a body that was announced as longer."""

    tokens: int = 2

    async def answer(self, reply: Reply) -> None:
        body = reply.token_line("word ") * self.tokens
        await reply.connection.head(200, {"Content-Length": str(10 * len(body) + 1)})
        await reply.connection.raw(body)
        reply.connection.cut()


@dataclass(frozen=True)
class LongBody(Behaviour):
    """A good answer with bytes behind it that belong to no response."""

    async def answer(self, reply: Reply) -> None:
        await Ok().answer(reply)
        await reply.connection.raw(reply.token_line("a stranger's word"))
