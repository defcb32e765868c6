import pytest

from devstack.model_server.catalogue import find_weights
from devstack.model_server.gguf import read_header


def test_the_weights_describe_themselves():
    header = read_header(find_weights())
    assert header.text("general.architecture") == "llama"
    assert header.number("llama.context_length") == 8192
    assert header.parameter_count == 134_515_008


def test_the_vocabulary_and_the_tensors_are_read():
    header = read_header(find_weights())
    assert len(header.texts("tokenizer.ggml.tokens")) == 49_152
    assert len(header.numbers("tokenizer.ggml.token_type")) == 49_152
    assert (header.tensors[0].name, header.tensors[0].shape) == ("token_embd.weight", (576, 49_152))


def test_absent_keys_are_empty():
    header = read_header(find_weights())
    assert (header.text("no.such.key"), header.number("no.such.key")) == ("", 0)
    assert (header.texts("no.such.key"), header.numbers("general.architecture")) == ([], [])


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"not weights at all")
    with pytest.raises(ValueError, match="is not a GGUF file"):
        read_header(path)


def test_a_file_that_was_cut_is_refused(tmp_path):
    path = tmp_path / "weights.gguf"
    path.write_bytes(find_weights().read_bytes()[:1000])
    with pytest.raises(ValueError, match="ends within its header"):
        read_header(path)
