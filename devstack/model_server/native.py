"""Loads the weights with xllamacpp, and keeps what it brings along away from this process.

It opens an HTTP server of its own, which we put on a socket that nobody can reach, and takes over
the process's signals, which we take back.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from devstack.model_server.errors import StartError
from devstack.model_server.texts import gettext as _

#: Tokens read between two chances to stop. Larger ones are no faster without a GPU.
PROMPT_BATCH = 32
MOST_THREADS = 4
SILENT = -1
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Native(Protocol):
    """What we use of ``xllamacpp.Server``. The callback's True stops the generation."""

    def handle_chat_completions(self, request: dict[str, Any], callback: Any) -> None: ...
    def handle_completions(self, request: dict[str, Any], callback: Any) -> None: ...


def default_threads() -> int:
    """One core fewer than there are, 1 to 4: the engine's threads wait for each other spinning.

    Measured on two cores with one other busy process: 2 threads take 5 to 8 times as long as 1.
    """
    # Not every platform says which cores this process may use.
    usable = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return max(1, min(MOST_THREADS, len(usable) - 1))


def load(weights: Path, *, context_length: int, threads: int) -> Native:
    """The engine with its weights loaded. Raises ``StartError``. Call it in the main thread."""
    try:
        import xllamacpp
    except (ImportError, OSError) as error:
        raise StartError(
            _("The model engine xllamacpp does not run here (%s). Set OLLAMA_HOST to an Ollama.")
            % error
        ) from error
    with tempfile.TemporaryDirectory() as folder, _own_signals():
        try:
            return _server(xllamacpp, weights, context_length, threads, Path(folder))
        except RuntimeError as error:
            raise StartError(_("The model's weights cannot be loaded: %s") % weights) from error


def _server(engine: Any, weights: Path, context_length: int, threads: int, folder: Path) -> Native:
    parameters = engine.CommonParams()
    parameters.model.path = str(weights)
    parameters.n_ctx = context_length
    parameters.n_parallel = 1
    parameters.n_gpu_layers = 0
    parameters.n_batch = parameters.n_ubatch = PROMPT_BATCH
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.flash_attn_type = engine.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    parameters.verbosity = SILENT
    # Nothing of one request may be left for the next: equal requests get equal answers.
    parameters.cache_prompt = False
    parameters.cache_idle_slots = False
    parameters.cache_ram_mib = 0
    parameters.n_ctx_checkpoints = 0
    parameters.slot_prompt_similarity = 0.0
    # A name that ends so is a Unix socket; its folder is gone before this process serves anyone.
    parameters.hostnames = [str(folder / "engine.sock")]
    parameters.ui = False
    parameters.endpoint_slots = False
    server: Native = engine.Server(parameters)
    return server


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep Python's handlers; threads that start in the block never see the signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
