"""``python -m devstack.embedded.cleanup``: before ``make clean`` removes the data.

Refuses while a stack runs on it; ends what a crashed one left.
"""

import sys

from config.env import home_directory, running_stack
from devstack.embedded import shutdown
from devstack.embedded.open_way import close_left
from devstack.embedded.owned import find


def main() -> None:
    home = home_directory()
    if stack := running_stack(home):
        sys.exit(f"A stack runs from {home} (process {stack['pid']}). Stop it first, with Ctrl-C.")
    shutdown.stop(lambda: find(home))
    close_left()


if __name__ == "__main__":
    main()
