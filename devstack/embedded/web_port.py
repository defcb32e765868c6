"""Which port the web process gets."""

from django.utils.translation import gettext_lazy as _

from devstack.embedded import ports
from devstack.embedded.console import Console
from devstack.embedded.errors import PortTaken, StackError

DEFAULT_PORT = 8000
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  (compared with)


def claim_web_port(host: str, port: int | None, console: Console) -> ports.Claim:
    """The asked port, or (None) 8000 or the next free one, which is said.

    Raises ``PortTaken`` for an asked port and ``StackError`` for a host that is not ours.
    """
    if (error := ports.refusal(host, 0)) is not None:
        raise StackError(_("Cannot listen on %(host)s: %(reason)s"), host=host, reason=error)
    if port is None:
        claim = ports.claim(range(DEFAULT_PORT, DEFAULT_PORT + 1000), host)
        if claim.port != DEFAULT_PORT:
            console.say(
                _("Port %(taken)d is taken; the web process listens on %(port)d."),
                taken=DEFAULT_PORT,
                port=claim.port,
            )
        return claim
    if (error := ports.refusal(host, port)) is not None:
        raise PortTaken(
            _("Port %(port)d cannot be used: %(reason)s. Choose another with --port."),
            port=port,
            reason=error.strerror,
        )
    return ports.claim_asked(port)


def reachable_host(host: str) -> str:
    """An address of this machine for what a server listens on."""
    return WILDCARDS.get(host, host)


def web_url(host: str, port: int) -> str:
    """Where the web process answers, for people."""
    name = reachable_host(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
