"""Another process of the same project: it does what it is told, line by line.

``resolve USER`` answers the model and the number of queries; ``save USER MODEL`` stores a row;
``save_and_die USER MODEL`` is killed between the commit and what comes after it. USER 0: everyone.
"""

import json
import os
import signal
import sys

import django

TASK_TYPE = "TASK_TYPE_INSIGHT_GENERATION"


def resolve(user):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from llmconfig.resolution.selectors import config_resolve

    with CaptureQueriesContext(connection) as queries:
        config = config_resolve(user_id=int(user) or None, task_type=TASK_TYPE)
    return {"model": config.model, "queries": len(queries)}


def save(user, model):
    from llmconfig.models import Preference

    row = Preference.objects.filter(user=int(user) or None, group=None, task_type=None).first()
    row = row or Preference(user_id=int(user) or None)
    row.model = model
    row.save()
    return {}


def save_and_die(user, model):
    from django.db import transaction

    with transaction.atomic():
        transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        save(user, model)


def main():
    django.setup()
    from llmconfig.cache import server

    server.TIMEOUT_SECONDS = 5  # a busy machine is no outage
    answer({})
    for line in sys.stdin:
        name, *words = line.split()
        does = {"resolve": resolve, "save": save, "save_and_die": save_and_die}[name]
        answer(does(*words))


def answer(words):
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
