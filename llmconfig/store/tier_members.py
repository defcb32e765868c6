"""Membership of tiers, stored as members of their groups. Written here, because a tier's members
are a matter of its group."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from llmconfig.database.conflicts import conflicts_retried
from llmconfig.tables.models import Tier


@conflicts_retried
@transaction.atomic
def tier_members_change(
    *, tier: Tier, add: Iterable[AbstractBaseUser], remove: Iterable[AbstractBaseUser]
) -> None:
    """Take people in and let people go; whoever is in already, or is no member, stays so."""
    tier.group.user_set.remove(*remove)  # type: ignore[arg-type]  # the project's user model
    tier.group.user_set.add(*add)  # type: ignore[arg-type]  # the same
