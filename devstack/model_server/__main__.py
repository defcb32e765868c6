"""``python -m devstack.model_server``: prints one line with its URL when it is ready."""

import argparse
import os
import sys

from devstack.model_server.catalogue import find_weights
from devstack.model_server.describe import cards
from devstack.model_server.engine import Engine
from devstack.model_server.errors import StartError
from devstack.model_server.gguf import read_header
from devstack.model_server.models import EmbeddedModels
from devstack.model_server.native import default_threads
from devstack.model_server.server import listen, serve
from devstack.model_server.texts import gettext as _
from devstack.model_server.tokenizer import Tokenizer


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; 1 where the server cannot start."""
    options = _parser().parse_args(arguments)
    try:
        weights = find_weights()
        header = read_header(weights)
        listener = listen(options.host, options.port)
        engine = Engine(weights, threads=options.threads)
    except (StartError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    models = EmbeddedModels(engine, Tokenizer(header), cards(weights, header))
    serve(models, engine, listener)
    if not engine.ended():
        # The native code must not call into an interpreter that is being torn down.
        os._exit(0)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m devstack.model_server",
        description=_("A small server that speaks Ollama's HTTP API, with its own weights."),
    )
    parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on"))
    parser.add_argument(
        "--port", type=_port, default=11434, help=_("port to listen on; 0 takes any free one")
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        default=default_threads(),
        help=_("threads that compute (default: %(default)s); texts do not depend on it"),
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(_("must be between 0 and 65535"))
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(_("must be a positive number"))
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
