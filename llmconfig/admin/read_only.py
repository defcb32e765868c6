"""What is shown and never edited."""

from typing import Any


class ReadOnly:
    """No adding, changing or deleting."""

    def has_add_permission(self, *_args: Any) -> bool:
        return False

    def has_change_permission(self, *_args: Any) -> bool:
        return False

    def has_delete_permission(self, *_args: Any) -> bool:
        return False
