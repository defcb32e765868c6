import os
from pathlib import Path

import pytest

from llmconfig.layers.static import static_config
from llmconfig.resolution.policy import environment_policy
from llmconfig.resolution.selectors import reload_options
from llmconfig.values.errors import ConfigurationError
from tests.llmconfig.conftest import INSIGHT


def test_an_edit_of_the_file_counts_from_the_next_start(configure):
    path = configure("default: {max_retries: 1}")
    before = static_config()
    path.write_text("default: {max_retries: 2}")
    assert static_config() is before


def test_problems_of_file_and_variables_are_one_report(configure):
    configure("default: {colour: 1}", LLM_MAX_RETRIES="many", LLM_ALLOWED_MODELS="a b")
    with pytest.raises(ConfigurationError) as told:
        static_config()
    assert [problem.place for problem in told.value.problems] == [
        "llm.yaml:1",
        "LLM_MAX_RETRIES",
        "LLM_ALLOWED_MODELS",
    ]


def test_a_missing_file_is_named_with_its_variable(configure, settings, tmp_path):
    configure()
    settings.LLM_CONFIG_FILE = tmp_path / "gone.yaml"
    with pytest.raises(ConfigurationError, match=r"gone.yaml: cannot be read .*LLM_CONFIG_FILE"):
        static_config()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "not a regular file"),
        ("pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("llm.yaml/x", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_read_is_told_at_once(name, told, configure, settings, tmp_path):
    configure()
    os.mkfifo(tmp_path / "pipe")
    settings.LLM_CONFIG_FILE = tmp_path / name
    with pytest.raises(ConfigurationError, match=rf"cannot be read \({told}\); LLM_CONFIG_FILE"):
        static_config()


def test_a_file_that_may_not_be_read_is_told(configure, settings):
    path = configure()
    path.chmod(0)
    if os.geteuid() == 0:  # who may read that one too, but not the first page of memory
        settings.LLM_CONFIG_FILE = Path("/proc/self/mem")
    with pytest.raises(ConfigurationError, match=r"Permission denied|Input/output error"):
        static_config()


def test_a_name_that_would_break_lines_is_escaped(configure, settings):
    path = configure("colour: 1")
    settings.LLM_CONFIG_FILE = path.rename(path.with_name("a\n\x1b[2J\udcff.yaml"))
    with pytest.raises(ConfigurationError) as told:
        static_config()
    assert str(told.value).startswith(r"a\n\x1b[2J\udcff.yaml:1: colour: unknown")


def test_a_file_outside_the_project_is_named_in_full(configure, settings):
    path = configure("colour: 1")
    settings.BASE_DIR = path.parent / "elsewhere"
    with pytest.raises(ConfigurationError, match=f"{path}:1: colour"):
        static_config()


def test_a_huge_file_is_refused_unread(configure):
    configure(b"# " + b"x" * 10_000_000)
    with pytest.raises(ConfigurationError, match="too large"):
        static_config()


def test_variables_are_stronger_than_the_file_key_by_key(configure):
    configure(
        "model_params: {qwen3: {context_window: 2048, num_gpu: 0, use_mmap: false, top_k: 1}}",
        LLM_MODEL_PARAMS='{"qwen3:latest": {"context_window": 4096}}',
    )
    assert reload_options("qwen3") == {
        "context_window": 4096,
        "num_gpu": 0,
        "use_mmap": False,
        "load_timeout_seconds": 300,
    }


def test_an_unknown_model_has_only_the_default_load_timeout(configure):
    configure(f"task_types: {{{INSIGHT}: {{model: a}}}}")
    assert reload_options("a") == {"load_timeout_seconds": 300}


def test_the_policy_is_the_environments(configure):
    configure(LLM_ALLOWED_MODELS="qwen3,llama3.2:*")
    assert environment_policy().allows("qwen3:latest")
    assert not environment_policy().allows("phi4")
