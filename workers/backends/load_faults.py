"""Models that a host could not load, or refused; each remembered for ten minutes by a process.

The registrar publishes them, so that lists and the doctor show a model that is installed and of no
use. One that could not be loaded is passed over for the fallback for a minute, so that not every
run has the host try. A success or another digest forgets one.
"""

import time
from dataclasses import dataclass

from llmconfig.values.model_names import normalise_model

#: What was lacking, such as memory, may be there again.
REMEMBERED_SECONDS = 600.0
PASSED_OVER_SECONDS = 60.0


@dataclass(frozen=True)
class _Fault:
    reason: str
    noted_at: float
    #: Loading failed; else the host refused the model to one request.
    is_of_load: bool

    def is_younger_than(self, seconds: float) -> bool:
        return time.monotonic() - self.noted_at < seconds


#: By host and normalised name.
_faults: dict[tuple[str, str], _Fault] = {}


def note(host: str, model: str, reason: str, *, is_of_load: bool = True) -> None:
    """Remember that the host could not load the model just now, or refused it."""
    fault = _Fault(reason=reason, noted_at=time.monotonic(), is_of_load=is_of_load)
    _faults[host, normalise_model(model)] = fault


def clear(host: str, model: str) -> None:
    """Forget it: the model answered, or is another one by now."""
    _faults.pop((host, normalise_model(model)), None)


def reason_of(host: str, model: str) -> str:
    """Why the host could not load the model lately; "" where it could, or was not asked to."""
    fault = _faults.get((host, normalise_model(model)))
    return fault.reason if fault and fault.is_younger_than(REMEMBERED_SECONDS) else ""


def is_passed_over(host: str, model: str) -> bool:
    """Whether loading the model failed so lately that another one should be asked."""
    fault = _faults.get((host, normalise_model(model)))
    return bool(fault and fault.is_of_load and fault.is_younger_than(PASSED_OVER_SECONDS))
