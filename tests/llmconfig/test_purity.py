"""The rules of deciding need no framework: these modules import neither Django nor a client."""

import subprocess
import sys

import pytest

PURE = [
    "llmconfig.values.allow_list",
    "llmconfig.values.errors",
    "llmconfig.resolution.explain_text",
    "llmconfig.resolution.explanation",
    "llmconfig.values.fields",
    "llmconfig.values.diffs",
    "llmconfig.values.kinds",
    "llmconfig.layers.document",
    "llmconfig.layers.environment",
    "llmconfig.layers.ladder",
    "llmconfig.layers.yaml_text",
    "llmconfig.values.model_grammar",
    "llmconfig.values.model_names",
    "llmconfig.values.parameters",
    "llmconfig.values.places",
    "llmconfig.resolution.resolver",
    "llmconfig.values.texts",
    "llmconfig.values.types",
    "llmconfig.values.wire",
]


@pytest.mark.parametrize("foreign", ["django", "rest_framework", "celery", "redis", "httpx"])
def test_pure_modules_import_no_framework(foreign):
    code = f"import sys, {', '.join(PURE)}; sys.exit({foreign!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
