"""Suites that are run on the same services, one after the other, see nothing of each other."""

import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).parent.parent
START = (
    "from tests import services; services.start();"
    "from config.settings import test; print(test.LLM_CACHE_NAMESPACE)"
)


def test_each_suite_keeps_its_counts_and_caches_under_a_name_of_its_own():
    started = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "" != started.stdout.strip() != settings.LLM_CACHE_NAMESPACE
