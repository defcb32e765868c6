"""A file with a mistake stops the start, or the last known good one is used, loudly."""

import logging

import pytest
from django.core.checks import run_checks
from django.db import OperationalError

from llmconfig.layers.known_file import KnownFile, known_file_load
from llmconfig.layers.static import file_keep, static_config
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import ConfigurationError
from tests.llmconfig.conftest import INSIGHT

pytestmark = pytest.mark.django_db

GOOD = 'default: {model: "good:1b"}'
BAD = 'default:\n  model: "bad:1b"\n  max_retries: many'


def model():
    return config_resolve(user_id=None, task_type=INSIGHT).model


@pytest.fixture
def kept(configure, settings):
    """A process starts with a file that is fine, which is kept; the path of that file."""
    settings.LLM_CONFIG_ON_ERROR = "last_good"
    path = configure(GOOD)
    file_keep()
    return path


def test_the_last_good_file_is_used_and_every_mistake_is_told(kept, configure, caplog):
    configure(BAD)
    with caplog.at_level(logging.ERROR, logger="llmconfig"):
        assert (model(), model()) == ("good:1b", "good:1b")
    moment = known_file_load(kept).kept_at.isoformat(timespec="seconds")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("LLM_CONFIG_ON_ERROR: llm.yaml:3: default.max_retries: accepted: ")
    assert line.endswith(f"; the file as it was at {moment} is used")
    (warning,) = [each for each in run_checks(tags=["llmconfig"]) if each.id == "llmconfig.W004"]
    assert warning.msg == line.removeprefix("LLM_CONFIG_ON_ERROR: ")
    config = config_resolve(user_id=None, task_type=INSIGHT)
    assert config.origins["model"].place == f"llm.yaml of {moment}:1"


def test_a_file_that_is_gone_is_a_mistake_too(kept):
    kept.unlink()
    static_config.__globals__["_load"].cache_clear()
    assert model() == "good:1b"


def test_by_default_a_mistake_stops_the_start(kept, configure, settings):
    settings.LLM_CONFIG_ON_ERROR = "stop"
    configure(BAD)
    with pytest.raises(ConfigurationError, match=r"llm\.yaml:3"):
        static_config()


def test_without_a_kept_file_a_mistake_stops_the_start(kept, configure):
    KnownFile.objects.all().delete()
    configure(BAD)
    with pytest.raises(ConfigurationError, match=r"llm\.yaml:3"):
        static_config()


def test_a_wrong_variable_stops_the_start(kept, configure):
    configure(BAD, LLM_MAX_RETRIES="many")
    with pytest.raises(ConfigurationError) as told:
        static_config()
    places = [problem.place for problem in told.value.problems]
    assert places == ["llm.yaml:3", "LLM_MAX_RETRIES"]


def test_where_the_database_is_away_a_mistake_stops_the_start(kept, configure, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError

    monkeypatch.setattr("llmconfig.layers.known_file.KnownFile.objects.filter", away)
    configure(BAD)
    with pytest.raises(ConfigurationError, match=r"llm\.yaml:3"):
        static_config()


def test_a_process_that_uses_the_kept_file_keeps_no_other(kept, configure):
    before = known_file_load(kept)
    configure(BAD)
    file_keep()
    assert known_file_load(kept) == before


def test_an_edit_since_the_start_is_not_what_is_kept(configure, settings):
    path = configure(GOOD)
    static_config()
    path.write_text(BAD)
    file_keep()
    assert known_file_load(path).content == GOOD.encode()


def test_the_next_good_file_takes_its_place(kept, configure):
    configure('default: {model: "better:1b"}')
    file_keep()
    configure(BAD)
    assert model() == "better:1b"
