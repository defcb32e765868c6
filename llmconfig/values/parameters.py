"""The closed list of generation parameters, and the options that make a model reload.

``PARAMETERS`` may stand in any layer. ``RELOAD_OPTIONS`` belong to a model, never to a user: two
users of one model must not make it reload, so they stand in ``model_params`` only.
"""

from collections.abc import Mapping

from llmconfig.values.kinds import Boolean, Choice, Integer, Kind, Number, Seconds, Texts

PARAMETERS: Mapping[str, Kind] = {
    "temperature": Number(0, 2),
    "top_p": Number(0, 1),
    "top_k": Integer(0, 1000),
    "min_p": Number(0, 1),
    "max_tokens": Integer(1, 131_072),
    "seed": Integer(0, 2_147_483_647),
    "stop": Texts(4, 64, size=400),
    "repeat_penalty": Number(0, 2),
    "presence_penalty": Number(-2, 2),
    "frequency_penalty": Number(-2, 2),
    # Whether, or how much, a model thinks before it answers; see `workers.backends.ollama.options`.
    "think": Choice((True, False, "low", "medium", "high", "max")),
}

RELOAD_OPTIONS: Mapping[str, Kind] = {
    "context_window": Integer(1, 1_048_576),
    "num_batch": Integer(1, 65_536),
    "num_gpu": Integer(0, 1024),
    "main_gpu": Integer(0, 64),
    "num_thread": Integer(0, 1024),
    "use_mmap": Boolean(),
}

LOAD_TIMEOUT = "load_timeout_seconds"
LOAD_TIMEOUT_DEFAULT = 300

#: What ``model_params`` may say about one model.
MODEL_PARAMETERS: Mapping[str, Kind] = {
    **PARAMETERS,
    **RELOAD_OPTIONS,
    # With the longest attempt it stays below the longest delivery of a message
    # (workers.execution.runner).
    LOAD_TIMEOUT: Seconds(1, 1200),
}
