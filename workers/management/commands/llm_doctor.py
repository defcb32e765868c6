"""``manage.py llm_doctor``: whether every configured model is there, and what else is wrong."""

import json
import sys
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from llmconfig.resolution.stated_models import users_stating
from workers.backends import ollama
from workers.process.doctor.examination import examine
from workers.process.doctor.gathering import facts_gather
from workers.process.doctor.report import report_json, report_lines
from workers.process.doctor.uses import SHOWN_NAMES


class Command(BaseCommand):
    help = "Verify that the model servers have every configured model, and say who uses it."
    # It puts into words what the checks would stop at.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--strict", action="store_true", help="exit 1 if anything is wrong")
        parser.add_argument("--json", action="store_true", help="one JSON object for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = facts_gather()
        ollama.close()
        findings = examine(facts, names_of=partial(users_stating, limit=SHOWN_NAMES))
        if options["json"]:
            self.stdout.write(json.dumps(report_json(facts, findings), indent=2))
        else:
            for kind, line in report_lines(facts, findings):
                self.stdout.write(self._styled(kind, line))
        if options["strict"] and not all(finding.is_warning for finding in findings):
            sys.exit(1)

    def _styled(self, kind: str, line: str) -> str:
        styles = {
            "title": self.style.MIGRATE_HEADING,
            "command": self.style.HTTP_INFO,
            "good": self.style.SUCCESS,
            "bad": self.style.ERROR,
        }
        return styles.get(kind, str)(line)
