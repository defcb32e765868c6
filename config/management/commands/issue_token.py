"""``manage.py issue_token USER``: an API token, printed once and stored only as a digest."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from config.api.accounts.tokens import token_issue
from llmconfig.values.durations import DAY
from llmconfig.values.kinds import Refused, Seconds

LIFETIME = Seconds(1, 36_500 * DAY)


def lifetime(text: str) -> timedelta:
    """A duration, as in ``API_TOKEN_TTL``. Raises ArgumentTypeError."""
    try:
        return timedelta(seconds=LIFETIME.parse_written(text))
    except Refused as error:
        raise ArgumentTypeError(error.message.translate(_)) from error


class Command(BaseCommand):
    """Prints the token and nothing else, so that it can be captured."""

    help = "Print a new API token for a user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help=_("the user's name"))
        parser.add_argument(
            "--create", action="store_true", help=_("make the user and the group if missing")
        )
        parser.add_argument("--group", help=_("add the user to this group (tier)"))
        parser.add_argument(
            "--expires",
            type=lifetime,
            help=_("lifetime, for example 90d; default: API_TOKEN_TTL"),
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        user = self._user(options["user"], create=options["create"])
        if options["group"]:
            user.groups.add(self._group(options["group"], create=options["create"]))
        _token, text = token_issue(user=user, lifetime=options["expires"])
        self.stdout.write(text)

    def _user(self, name: str, *, create: bool) -> Any:
        users = get_user_model()
        try:
            return users._default_manager.get_by_natural_key(name)
        except users.DoesNotExist:
            if create:
                return self._new_user(users, name)
        message = _("There is no user %(name)s; --create makes one.") % {"name": name}
        raise CommandError(message)

    def _new_user(self, users: Any, name: str) -> Any:
        # Without a password: the account can use its tokens only.
        user = users(**{users.USERNAME_FIELD: name})
        user.set_unusable_password()
        try:
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        return user

    def _group(self, name: str, *, create: bool) -> Group:
        if create:
            return Group.objects.get_or_create(name=name)[0]
        group = Group.objects.filter(name=name).first()
        if group is None:
            names = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
            message = _("There is no group %(name)s; there are: %(names)s; --create makes one.")
            raise CommandError(message % {"name": name, "names": names or "-"})
        return group
