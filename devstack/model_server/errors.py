"""What can go wrong in the model server, beside the refusals of its HTTP front.

ModelServerError
├── StartError      the server cannot start: one line for whoever started it, exit code 1
└── JobCancelled    nobody waits for this generation any more
"""


class ModelServerError(Exception):
    """Anything this package raises on purpose."""


class StartError(ModelServerError):
    """The server cannot start; the message is one line that says what to do."""


class JobCancelled(ModelServerError):
    """The generation was given up; there is no answer to send."""
