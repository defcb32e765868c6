"""``manage.py llm_explain``: what applies to a user, from where, and what does not hold."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext

from llmconfig.management.people import user_named
from llmconfig.resolution.explain import config_explain
from llmconfig.resolution.explain_text import explanation_lines
from llmconfig.values import task_types
from llmconfig.values.errors import LLMConfigError
from llmconfig.values.texts import printable


class Command(BaseCommand):
    help = "Show which configuration applies, where each value comes from, and what it overrides."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="name or id; without it: what everyone gets")
        parser.add_argument("--task-type", help="TASK_TYPE_…; without it: all of them")
        parser.add_argument("--json", action="store_true", help="as the API's preview answers")

    def handle(self, *args: Any, **options: Any) -> None:
        user = None if options["user"] is None else user_named(options["user"])
        user_id = None if user is None else user.pk
        wanted = options["task_type"]
        names = task_types.names() if wanted is None else (wanted,)
        try:
            explained = [config_explain(user_id=user_id, task_type=name) for name in names]
        except LLMConfigError as error:
            raise CommandError(error.message.translate(gettext)) from error
        if options["json"]:
            told = {each.task_type: each.to_wire(gettext) for each in explained}
            self._write_json(told if wanted is None else told[wanted])
            return
        for explanation in explained:
            whom = user.get_username() if user else gettext("everyone")
            for line in explanation_lines(explanation, printable(whom), gettext):
                self.stdout.write(self._styled(line.kind, line.text))
            self.stdout.write("")

    def _write_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2))

    def _styled(self, kind: str, text: str) -> str:
        styles = {
            "title": self.style.MIGRATE_HEADING,
            "group": self.style.MIGRATE_LABEL,
            "skipped": self.style.WARNING,
            "warning": self.style.WARNING,
        }
        return styles.get(kind, str)(text)
