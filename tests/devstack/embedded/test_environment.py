import sys
from pathlib import Path

import pytest

from devstack.embedded import environment
from devstack.embedded.parts import Part


class Server(Part):
    """A part with a fixed address."""

    name = title = "server"

    def __init__(self, variable, value):
        super().__init__(Path("/home"))
        self.variable, self.value = variable, value

    def prepare(self, say):
        pass

    def environment(self):
        return {self.variable: self.value}

    def command(self):
        return []

    def answers(self, pid):
        return True


VALKEY = Server("REDIS_URL", "redis://127.0.0.1:20000/0")
MODEL = Server("OLLAMA_HOST", "http://127.0.0.1:20001")


def test_the_broker_is_the_cache_server_unless_named():
    assert environment.addresses([VALKEY], {})["CELERY_BROKER_URL"] == VALKEY.value
    named = {"CELERY_BROKER_URL": "amqp://broker"}
    assert environment.addresses([VALKEY], named)["CELERY_BROKER_URL"] == "amqp://broker"


def test_the_embedded_model_server_brings_its_own_models():
    found = environment.addresses([MODEL], {})
    assert found["LLM_CONFIG_FILE"] == str(environment.PROJECT / "config" / "llm.embedded.yaml")


def test_another_model_server_does_not():
    assert "LLM_CONFIG_FILE" not in environment.addresses([], {"OLLAMA_HOST": "ollama"})


def test_a_named_configuration_is_found_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = environment.addresses([MODEL], {"LLM_CONFIG_FILE": "own.yaml"})
    assert found["LLM_CONFIG_FILE"] == str(tmp_path / "own.yaml")


def test_an_empty_variable_names_nothing():
    assert environment.addresses([VALKEY], {"REDIS_URL": ""})["REDIS_URL"] == VALKEY.value


def test_processes_find_the_programs_of_this_python_first(tmp_path):
    made = environment.for_processes(tmp_path, {}, {"PATH": "/bin"})
    assert made["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert made["PATH"].split(":")[-1] == "/bin"


@pytest.mark.parametrize(
    ("caller", "settings"),
    [({}, "config.settings.development"), ({"DJANGO_SETTINGS_MODULE": "mine"}, "mine")],
)
def test_processes_get_the_callers_settings(tmp_path, caller, settings):
    made = environment.for_processes(tmp_path, {}, caller)
    assert made["DJANGO_SETTINGS_MODULE"] == settings


def test_all_that_names_a_server_is_passed_on_with_whole_paths(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    named = {
        "DATABASE_HOST": "db",
        "DATABASE_NAME": "app",
        "DATABASE_PASSWORD_FILE": "secret",
        "REDIS_URL": "redis://cache",
        "REDIS_PASSWORD": "x",
    }
    found = environment.addresses([], named)
    assert found == named | {"DATABASE_PASSWORD_FILE": str(tmp_path / "secret")}


def test_passwords_of_other_servers_are_not_those_of_a_part(tmp_path):
    caller = {"REDIS_PASSWORD": "x", "OLLAMA_API_KEY": "x", "SECRET_KEY_FILE": "/key", "A": "b"}
    found = environment.addresses([VALKEY, MODEL], caller)
    made = environment.for_processes(tmp_path, found, caller)
    assert not {"REDIS_PASSWORD", "OLLAMA_API_KEY"} & made.keys()
    assert (made["SECRET_KEY_FILE"], made["A"], made["REDIS_URL"]) == ("/key", "b", VALKEY.value)


def test_two_homes_have_two_node_names(tmp_path):
    assert environment.node(tmp_path) != environment.node(tmp_path / "other")
