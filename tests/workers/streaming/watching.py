"""A client of an event stream: it collects what comes, in a thread."""

import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

import httpx

from tests.workers.waiting import wait_until


@dataclass(frozen=True)
class Told:
    id: str
    name: str
    data: dict


class Watch:
    """Open until the server ends the stream or ``leave`` is called."""

    def __init__(self, url, headers, last_id=None):
        self.told = []
        #: Of the lines that are no event: ``retry`` and comments.
        self.others = []
        self.status = None
        self.headers = None
        self.is_whole = False
        self._response = None
        self._url = url
        self._sent = {**headers, **({"Last-Event-ID": last_id} if last_id else {})}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def names(self):
        return [told.name for told in self.told]

    def of(self, name):
        return [told.data for told in self.told if told.name == name]

    @property
    def text(self):
        """What a client holds that puts the pieces together as it is told to."""
        return put_together(self.told)

    @property
    def has_ended(self):
        return not self._thread.is_alive()

    def wait(self, name, count=1, seconds=20):
        """Wait for so many events of a name; the last of them."""
        return wait_until(lambda: self.of(name)[count - 1 :], seconds)[0]

    def wait_text(self, text, seconds=20):
        wait_until(lambda: self.text == text, seconds)

    def wait_end(self, seconds=20):
        wait_until(lambda: self.has_ended, seconds)

    def leave(self):
        stream = wait_until(lambda: self._response).extensions["network_stream"]
        stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self.wait_end()

    def _run(self):
        with httpx.Client(timeout=60, trust_env=False) as client, suppress(httpx.HTTPError):
            self._read(client)

    def _read(self, client):
        with client.stream("GET", self._url, headers=self._sent) as response:
            self.status, self.headers = response.status_code, response.headers
            self._response = response
            fields = {}
            for line in response.iter_lines():
                name, _, value = line.partition(":")
                if line and name in {"id", "event", "data"}:
                    fields[name] = value.removeprefix(" ")
                elif line:
                    self.others.append(line)
                elif fields:
                    self.told.append(
                        Told(fields["id"], fields["event"], json.loads(fields["data"]))
                    )
                    fields = {}
            self.is_whole = True


def put_together(told):
    """The text that these events leave with a client."""
    text = ""
    for each in told:
        if each.name == "text":
            text += each.data["delta"]
        elif each.name == "reset":
            text = ""
    return text
