"""Whatever a file or a variable holds, it ends in a report that can be read."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from llmconfig.layers.document import SECTIONS, document_read
from llmconfig.layers.environment import FIELD_VARIABLES, environment_read, policy_read
from llmconfig.layers.located import Report
from llmconfig.layers.yaml_text import yaml_parse
from llmconfig.values.errors import ConfigurationError
from llmconfig.values.fields import FIELDS
from llmconfig.values.parameters import MODEL_PARAMETERS
from tests.llmconfig.conftest import ALL_TYPES, INSIGHT, SEED

WORDS = [
    "llm", *SECTIONS, *ALL_TYPES, *FIELDS, *MODEL_PARAMETERS, "parameters", "timeout", "deadline",
    "default_model", "premium_model", "standard_model", "qwen3", "qwen3:latest", "load_timeout",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([*WORDS, "60s", "2m", "1:30", "no", "1e999", "9" * 5000, "\x1b[2J", "\ud800"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)
MARKUP = st.text(
    st.sampled_from("{}[]:,-&*!|>%@`'\"#?\n\r \tab01~.\\U9\x00\ufeff\x85"), max_size=60
)
VALID = f"llm:\n{SEED}".strip().replace("\n", "\n  ").encode()


@st.composite
def damaged(draw):
    """A good file in which some bytes are others."""
    content = bytearray(VALID)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content) - 1))
        content[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


def reads(content: bytes) -> None:
    report = Report()
    document_read(yaml_parse(content, "f", report), report, tuple(ALL_TYPES))
    told(report)


def told(report: Report) -> None:
    """Every problem is one line of printable text, and the report is bounded."""
    for line in str(ConfigurationError(report.told())).split("\n"):
        assert line.isprintable()
        assert len(line.encode()) < 2000
    assert len(report.told()) <= 101


@settings(deadline=None)
@given(st.binary(max_size=200) | damaged() | MARKUP.map(str.encode))
def test_any_file_ends_in_a_report(content):
    reads(content)


@settings(deadline=None)
@given(VALUES)
def test_any_data_in_a_file_ends_in_a_report(value):
    reads(json.dumps(value).encode())


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*FIELD_VARIABLES, "LLM_TASK_TYPE_CONFIGS", "LLM_MODEL_PARAMS"]),
        st.text(st.characters(), max_size=20) | VALUES.map(json.dumps),
    ),
    st.text(st.characters(), max_size=30) | st.text(st.sampled_from("*?[]!-a:,/ "), max_size=300),
)
def test_any_variables_end_in_a_report(variables, allowed):
    report = Report()
    environment_read(variables, report, tuple(ALL_TYPES))
    policy = policy_read({"LLM_ALLOWED_MODELS": allowed}, report)
    policy.allows("a" * 200)
    told(report)


def test_values_nested_to_the_limit_are_read_and_one_more_is_told(report):
    for depth, problems in ((12, 0), (13, 1)):
        report.problems.clear()
        yaml_parse(b"[" * depth + b"]" * depth, "f", report)
        assert len(report.problems) == problems


def test_a_good_file_stays_good():
    report = Report()
    source = document_read(yaml_parse(VALID, "f", report), report, tuple(ALL_TYPES))
    assert not report.problems
    assert source.task_types[INSIGHT]
