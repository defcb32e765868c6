"""Examples for the API's description."""

from typing import Any

PREFERENCES: dict[str, Any] = {
    "model": "llama3.2:7b",
    "timeout_seconds": 90,
    "parameters": {"temperature": 0.2},
    "task_type_configs": {"TASK_TYPE_WEEKLY_REPORT": {"max_retries": 5}},
}
STATEMENT: dict[str, Any] = {"model": "llama3.2:7b", "timeout_seconds": 90}
PATCH: dict[str, Any] = {"timeout_seconds": None, "parameters": {"temperature": 0.7}}

LLM_CONFIG: dict[str, Any] = {
    "model": "llama3.2:7b",
    "fallback_model": "llama3.2:1b",
    "timeout_seconds": 90,
    "first_token_timeout_seconds": None,
    "max_retries": 3,
    "deadline_seconds": 600,
    "parameters": {"temperature": 0.2},
    "model_parameters": {"primary": {"top_p": 0.9}, "fallback": {}},
    "source": "user",
    "origins": {
        "model": {"layer": "user", "place": "preference 12 v3"},
        "fallback_model": {"layer": "system", "place": "config/llm.yaml:7"},
        "timeout_seconds": {"layer": "user", "place": "preference 12 v3"},
        "parameters.temperature": {"layer": "user", "place": "preference 12 v3"},
    },
    "config_version": "9f2c4e7a1b3d5f60",
}
EFFECTIVE: dict[str, Any] = {"TASK_TYPE_TEXT_GENERATION": LLM_CONFIG}
TIER: dict[str, Any] = {"name": "premium", "rank": 20, "allowed_models": ["llama3.2:*"]}
PREVIEW: dict[str, Any] = {
    "task_type": "TASK_TYPE_TEXT_GENERATION",
    **LLM_CONFIG,
    "shadowed": {
        "model": [{"layer": "system", "place": "config/llm.yaml:6", "value": "llama3.2:3b"}]
    },
    "skipped": [
        {
            "field": "model",
            "value": "phi4",
            "layer": "tier",
            "place": "preference 8 v1",
            "reason": "not_allowed",
            "detail": "the environment does not allow the model phi4",
        }
    ],
    "clamped": [],
    "model_parameter_origins": {
        "primary": {"top_p": {"layer": "model_params", "place": "config/llm.yaml:31"}},
        "fallback": {},
    },
    "reload_options": {
        "primary": {"load_timeout_seconds": 300},
        "fallback": {"load_timeout_seconds": 300},
    },
    "reload_option_origins": {
        "primary": {"load_timeout_seconds": {"layer": "model_params", "place": "built-in"}},
        "fallback": {"load_timeout_seconds": {"layer": "model_params", "place": "built-in"}},
    },
    "context_windows": {
        "primary": {"tokens": 8192, "source": "stated", "place": "config/llm.yaml:31"},
        "fallback": {"tokens": 4096, "source": "default", "place": "Ollama's default"},
    },
    "warnings": [],
    "allowed_models": {"environment": ["llama3.*"], "tiers": None},
}
