"""Models that a host could not load, or refused; each remembered for ten minutes by a process.

The registrar publishes them, so that lists and the doctor show a model that is installed and of no
use. A success or another digest forgets one.
"""

import time

from llmconfig.model_names import normalise_model

#: What was lacking, such as memory, may be there again.
REMEMBERED_SECONDS = 600.0

#: Moment and reason, by host and normalised name.
_faults: dict[tuple[str, str], tuple[float, str]] = {}


def note(host: str, model: str, reason: str) -> None:
    """Remember that the host could not load the model just now."""
    _faults[host, normalise_model(model)] = (time.monotonic(), reason)


def clear(host: str, model: str) -> None:
    """Forget it: the model answered, or is another one by now."""
    _faults.pop((host, normalise_model(model)), None)


def reason_of(host: str, model: str) -> str:
    """Why the host could not load the model lately; "" where it could, or was not asked to."""
    noted_at, reason = _faults.get((host, normalise_model(model)), (0.0, ""))
    return reason if reason and time.monotonic() - noted_at < REMEMBERED_SECONDS else ""
