"""``python -m devstack.demo.accounts``: makes the demo's accounts and prints them as JSON.

A process of its own, because the demo's settings were read before its database ran. Prints
``{"password": …, "tokens": {name: token}}``; password and tokens are new at each start.
"""

import json
import secrets
import sys

import django


def accounts_make() -> dict[str, object]:
    """Create what is missing, renew the password and the tokens."""
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.db import transaction
    from knox.models import AuthToken

    from config.api.accounts.tokens import token_issue
    from devstack.demo.work import PEOPLE
    from llmconfig.models import Tier

    users = get_user_model()._default_manager
    password = secrets.token_urlsafe(9)
    tokens = {}
    with transaction.atomic():
        admin, _created = users.update_or_create(
            username="admin", defaults={"is_staff": True, "is_superuser": True}
        )
        admin.set_password(password)
        admin.save()
        for rank, name in enumerate(("standard", "premium"), start=1):
            group, _created = Group.objects.get_or_create(name=name)
            Tier.objects.get_or_create(group=group, defaults={"rank": rank})
        for person in PEOPLE:
            user, _created = users.get_or_create(username=person.name)
            if person.tier:
                user.groups.add(Group.objects.get(name=person.tier))
            AuthToken.objects.filter(user=user).delete()
            tokens[person.name] = token_issue(user=user)[1]
    return {"password": password, "tokens": tokens}


if __name__ == "__main__":
    django.setup()
    json.dump(accounts_make(), sys.stdout)
