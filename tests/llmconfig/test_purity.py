"""The rules of deciding need no framework: these modules import neither Django nor a client."""

import subprocess
import sys

import pytest

PURE = [
    "llmconfig.allow_list",
    "llmconfig.errors",
    "llmconfig.explain_text",
    "llmconfig.explanation",
    "llmconfig.fields",
    "llmconfig.history.diffs",
    "llmconfig.kinds",
    "llmconfig.layers.document",
    "llmconfig.layers.environment",
    "llmconfig.layers.ladder",
    "llmconfig.layers.yaml_text",
    "llmconfig.model_grammar",
    "llmconfig.model_names",
    "llmconfig.parameters",
    "llmconfig.places",
    "llmconfig.resolver",
    "llmconfig.texts",
    "llmconfig.types",
    "llmconfig.wire",
]


@pytest.mark.parametrize("foreign", ["django", "rest_framework", "celery", "redis", "httpx"])
def test_pure_modules_import_no_framework(foreign):
    code = f"import sys, {', '.join(PURE)}; sys.exit({foreign!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
