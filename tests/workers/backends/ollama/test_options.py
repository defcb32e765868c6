"""One table of option names."""

import pytest

from workers.backends.ollama import options


def test_our_names_become_ollamas():
    ours = {"temperature": 0.2, "max_tokens": 5, "context_window": 2048}
    assert options.to_ollama(ours) == {"temperature": 0.2, "num_predict": 5, "num_ctx": 2048}


def test_none_is_not_stated_but_zero_is():
    assert options.to_ollama({"seed": 0, "top_p": None}) == {"seed": 0}


def test_an_option_that_we_do_not_know_passes_through_and_reloads():
    assert options.to_ollama({"num_gpu": 1}) == options.reloading({"num_gpu": 1}) == {"num_gpu": 1}


def test_sampling_options_do_not_reload():
    assert options.reloading(dict.fromkeys(options.SAMPLING, 1)) == {}


def test_the_load_timeout_is_a_limit_and_not_sent():
    assert options.to_ollama({"load_timeout_seconds": 60}) == {}


@pytest.mark.parametrize("stated", [True, False, "low"])
def test_think_stands_beside_the_options(stated):
    assert options.think({"think": stated}) == stated
    assert options.to_ollama({"think": stated}) == options.reloading({"think": stated}) == {}


def test_a_model_thinks_only_where_that_is_stated():
    assert options.think({}) is options.think({"think": None}) is False


def test_the_context_window_is_known_only_when_stated():
    assert options.context_window({"context_window": 512}) == 512
    assert options.context_window({"context_window": None}) is None
    assert options.context_window({}) is None
