"""How the fake describes its models: as a llama of 135 million parameters, whatever their name."""

from collections.abc import Mapping

from workers.testing.ollama_http.models import Card

MODIFIED_AT = 1_760_000_000.0
TEMPLATE = "{{ .System }}\n{{ .Prompt }}\n{{ .Response }}"
STOPS = 'stop                           "<|im_start|>"\nstop                           "<|im_end|>"'
_METADATA: Mapping[str, object] = {
    "general.architecture": "llama",
    "general.basename": "fake",
    "general.file_type": 1,
    "general.finetune": "Instruct",
    "general.languages": ["en"],
    "general.license": "none",
    "general.organization": "workers.testing",
    "general.parameter_count": 134_515_008,
    "general.quantization_version": 2,
    "general.size_label": "135M",
    "general.type": "model",
    "llama.attention.head_count": 9,
    "llama.attention.head_count_kv": 3,
    "llama.attention.layer_norm_rms_epsilon": 1e-05,
    "llama.block_count": 30,
    "llama.embedding_length": 576,
    "llama.feed_forward_length": 1536,
    "llama.rope.dimension_count": 64,
    "llama.rope.freq_base": 100_000,
    "llama.vocab_size": 3,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.add_space_prefix": False,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.merges": ["w o"],
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.padding_token_id": 2,
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.token_type": [3, 3, 1],
    "tokenizer.ggml.tokens": ["<|im_start|>", "<|im_end|>", "word"],
    "tokenizer.ggml.unknown_token_id": 0,
}


def capabilities_of(name: str) -> tuple[str, ...]:
    """By how the name begins: "embed" embeds only, "think" can think, any other completes."""
    if name.startswith("embed"):
        return ("embedding",)
    return ("completion", "thinking") if name.startswith("think") else ("completion",)


def card(name: str, context_length: int) -> Card:
    """The card of a model's name; ``context_length``: what it was trained for."""
    return Card(
        name=name,
        digest="0" * 64,
        size=1_000_000,
        modified_at=MODIFIED_AT,
        family="llama",
        parameter_size="134.52M",
        quantization_level="F16",
        context_length=context_length,
        embedding_length=576,
        capabilities=capabilities_of(name),
        modelfile=f"FROM {name}\nTEMPLATE {TEMPLATE!r}\n",
        parameters=STOPS,
        template=TEMPLATE,
        metadata={**_METADATA, "llama.context_length": context_length},
        tensors=({"name": "output_norm.weight", "type": "F32", "shape": [576]},),
    )
