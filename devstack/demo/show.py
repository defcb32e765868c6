"""The demo on a running stack: accounts, preferences, runs, table."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from devstack.demo import table
from devstack.demo.client import Client, DemoFailed
from devstack.demo.work import PEOPLE, Piece, as_expected, pieces, preferences
from devstack.embedded.console import Console
from devstack.embedded.environment import PROJECT

CONFIG = "/v1/users/llm-config"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the demo left behind to log in with, and whether all went as expected."""

    password: str
    token: str
    complete: bool


def show(base_url: str, environment: Mapping[str, str], console: Console) -> Shown:
    """Run the demo's work and print its table. Raises ``DemoFailed``."""
    console.say(_("Making the demo's users and their preferences"))
    password, tokens = _accounts(environment)
    clients = {name: Client(base_url, token) for name, token in tokens.items()}
    for person in PEOPLE:
        _prefer(person.name, clients[person.name])
    work = pieces()
    console.say(
        _("Asking for %(count)s runs, one after the other; the model writes on this processor"),
        count=len(work),
    )
    console.say("")
    for line in table.header():
        console.say(line)
    good = 0
    for piece in work:
        client = clients[piece.person]
        # One at a time: rows come in the same order each time, and seconds tell of one run only.
        run = client.finished(_ask(client, piece))
        console.say(table.row(piece.person, run))
        good += as_expected(piece, run)
    console.say("")
    console.say(_("%(good)s of %(all)s runs ended as expected."), good=good, all=len(work))
    return Shown(password=password, token=tokens["ada"], complete=good == len(work))


def _accounts(environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "devstack.demo.accounts"],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoFailed(done.stderr.strip().splitlines()[-1])
    made = json.loads(done.stdout)
    return made["password"], made["tokens"]


def _prefer(name: str, client: Client) -> None:
    client.call("DELETE", CONFIG)
    effective = client.call("GET", CONFIG)["effective"]["TASK_TYPE_INSIGHT_GENERATION"]
    if body := preferences(name, effective):
        client.call("PUT", CONFIG, body)


def _ask(client: Client, piece: Piece) -> str:
    body = {"task_type": piece.task_type, "payload": piece.payload}
    status_url: str = client.call("POST", "/v1/tasks", body)["status_url"]
    return status_url
