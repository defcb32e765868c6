from devstack.model_server.tally import Tally, ollama_logprobs


def test_chunks_add_up_to_text_and_figures():
    tally = Tally()
    texts = [
        tally.add({"choices": [{"delta": {"role": "assistant", "content": None}}]})[0],
        tally.add({"choices": [{"text": "Hel", "finish_reason": None}]})[0],
        tally.add({"choices": [{"delta": {"content": "lo"}, "finish_reason": None}]})[0],
        tally.add(
            {
                "choices": [{"delta": {}, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 1},
                "timings": {"prompt_ms": 1.5, "predicted_ms": 2.25},
            }
        )[0],
    ]
    assert texts == ["", "Hel", "lo", ""]
    assert tally.finish_reason == "length"
    assert tally.metrics(total_nanoseconds=9, load_nanoseconds=1) == {
        "total_duration": 9,
        "load_duration": 1,
        "prompt_eval_count": 7,
        "prompt_eval_duration": 1_500_000,
        "eval_count": 1,
        "eval_duration": 2_250_000,
    }


def test_log_probabilities_have_ollamas_keys():
    likely = {"id": 7, "token": "a", "bytes": [97], "logprob": -0.5}
    shown = {"token": "a", "bytes": [97], "logprob": -0.5}
    chunk = {"choices": [{"text": "a", "logprobs": {"content": [likely]}}]}
    assert ollama_logprobs(Tally().add(chunk)[1], 0) == [shown]
    of_engine = [{**likely, "top_logprobs": [likely, likely]}]
    assert ollama_logprobs(of_engine, 1) == [{**shown, "top_logprobs": [shown]}]
