import pytest

from devstack.model_server.prompts import Prompt
from devstack.model_server.sampling import answer_limit, engine_request
from workers.testing.ollama_http.requests import Generation

SCHEMA = {"type": "object"}


RAW, CHAT = Prompt([1, 2]), Prompt([1, 2], [{"role": "user", "content": "Hi"}])


def asked(prompt=CHAT, **options):
    return engine_request(prompt, Generation(is_chat=True), options, limit=7)


def asked_for(prompt, **fields):
    return engine_request(prompt, Generation(is_chat=True, **fields), {}, limit=7)


def limit(generation=None, *, prompt=10, window=100, **options):
    generation = generation or Generation(is_chat=True)
    return answer_limit(generation, options, prompt=prompt, window=window, available=8192)


def test_nothing_of_an_earlier_request_is_reused():
    assert asked()["cache_prompt"] is False


def test_the_engine_always_streams_so_that_it_can_be_stopped():
    assert (asked()["stream"], asked()["return_progress"]) == (True, True)


def test_options_keep_their_names_except_the_limit():
    request = asked(temperature=0, top_k=5, repeat_penalty=1.2, num_predict=9, num_ctx=100)
    assert (request["temperature"], request["top_k"], request["repeat_penalty"]) == (0, 5, 1.2)
    assert request["max_tokens"] == 7
    assert {"num_predict", "num_ctx"}.isdisjoint(request)


def test_without_a_seed_the_engine_takes_any():
    assert "seed" not in asked()
    assert "seed" not in asked(seed=-1)


@pytest.mark.parametrize(("seed", "used"), [(0, 0), (42, 42), (2**32 - 1, 0), (2**32, 1)])
def test_no_seed_wraps_to_the_one_that_means_any(seed, used):
    assert asked(seed=seed)["seed"] == used


def test_messages_go_to_the_template_and_ids_do_not():
    assert asked(CHAT)["messages"] == CHAT.messages
    assert "prompt" not in asked(CHAT)
    assert asked(RAW)["prompt"] == [1, 2]


@pytest.mark.parametrize(
    ("stated", "handed"),
    [
        ("json", {"type": "json_object"}),
        (SCHEMA, {"type": "json_schema", "json_schema": {"schema": SCHEMA}}),
    ],
)
def test_a_format_is_handed_to_the_engine(stated, handed):
    assert asked_for(CHAT, format=stated)["response_format"] == handed


@pytest.mark.parametrize("stated", ["json", SCHEMA])
def test_a_format_constrains_ids_too(stated):
    assert asked_for(RAW, format=stated)["json_schema"] == {"type": "object"}


@pytest.mark.parametrize("stated", [None, "", {}])
def test_no_format_is_no_constraint(stated):
    for prompt in (CHAT, RAW):
        assert {"json_schema", "response_format"}.isdisjoint(asked_for(prompt, format=stated))


@pytest.mark.parametrize(("stated", "used"), [(0, 0), (64, 64), (-1, 8192), (10**9, 8192)])
def test_penalties_look_back_over_the_context_at_most(stated, used):
    assert asked(repeat_last_n=stated)["repeat_last_n"] == used


def test_empty_stop_words_are_left_out():
    assert asked(stop=["", "x"])["stop"] == ["x"]


def test_numbers_larger_than_the_engines_are_cut():
    request = asked(top_k=10**30, temperature=1e39, presence_penalty=-1e39)
    assert request["top_k"] == 2**31 - 1
    assert request["temperature"] == -request["presence_penalty"] == 3.4e38


@pytest.mark.parametrize(("alternatives", "used"), [(0, 1), (3, 3)])
def test_log_probabilities_of_ids_are_asked_for_with_an_alternative_at_least(alternatives, used):
    assert asked_for(RAW, logprobs=True, top_logprobs=alternatives)["logprobs"] == used


def test_log_probabilities_of_messages_are_asked_for():
    request = asked_for(CHAT, logprobs=True, top_logprobs=3)
    assert (request["logprobs"], request["top_logprobs"]) == (True, 3)


def test_a_stated_limit_holds():
    assert limit(num_predict=5) == 5


@pytest.mark.parametrize("stated", [{}, {"num_predict": 0}, {"num_predict": -1}])
def test_no_limit_is_ten_windows(stated):
    assert limit(**stated) == 1000


def test_an_answer_goes_on_beyond_its_window_as_far_as_the_engine_can():
    assert limit(num_predict=200, window=100) == 200
    assert limit(num_predict=9000, prompt=192) == 8000


def test_without_shift_an_answer_ends_where_its_window_is_full():
    still = Generation(is_chat=True, shift=False)
    assert limit(still, num_predict=200) == 90
    assert limit(still, prompt=100) == 1
