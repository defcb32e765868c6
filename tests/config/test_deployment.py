"""Procfile, compose file and README say what the code does."""

import json
import re

import pytest
import yaml
from django.conf import settings

from config import env
from config.env import PROJECT
from config.variables.reading import SECRETS
from devstack.embedded import procfile
from workers import task_types
from workers.messaging.queues import PRIORITIES, queue_name

README = (PROJECT / "README.md").read_text()
OWN_SERVICES = (PROJECT / "docs/how-to/use-your-own-services.md").read_text()
ARCHITECTURE = (PROJECT / "docs/architecture.md").read_text()
LAYOUT = set(re.findall(r"^([a-z]+/[a-z_/]*) ", README + ARCHITECTURE, flags=re.MULTILINE))


def consumed(commands):
    return [
        tuple(sorted(match[1].split(",")))
        for command in commands
        if (match := re.search(r" -Q (\S+)", command))
    ]


def expected():
    return sorted(
        tuple(sorted(queue_name(kind.name, priority) for priority in PRIORITIES))
        for kind in task_types.registered()
    )


def test_the_procfile_has_one_worker_for_each_queue_and_its_twin():
    entries = procfile.read(PROJECT / "Procfile")
    assert sorted(consumed(entry.command for entry in entries)) == expected()
    assert {"web", "beat"} <= {entry.name for entry in entries}


REFERENCE = re.compile(r"\$\{(?P<name>\w+)(?::(?:-(?P<default>[^}]*)|\?[^}]*))?\}")


def compose(name="compose.yaml", **variables):
    """The file as Docker Compose reads it with these variables in ``.env``."""

    def value(found):
        stated = variables.get(found["name"], "")
        assert stated or found["default"] is not None, f"{found['name']} must be set"
        return stated or found["default"]

    def interpolated(node):
        if isinstance(node, dict):
            return {key: interpolated(each) for key, each in node.items()}
        if isinstance(node, list):
            return [interpolated(each) for each in node]
        return REFERENCE.sub(value, node) if isinstance(node, str) else node

    return interpolated(yaml.safe_load((PROJECT / name).read_text()))


def app_environment(tmp_path, *files, **variables):
    """The variables of the web process of these files together, with the secrets of ``.env``."""
    found = {}
    for file in files:
        found |= compose(file, **variables)["services"]["web"]["environment"]
    for name, path in found.items():
        if name.endswith("_FILE"):
            (tmp_path / name).write_text(f"p/s@s w#r?d%{name}")
            assert path.startswith("/run/secrets/")
            found[name] = str(tmp_path / name)
    return {"LLMCONFIG_HOME": str(tmp_path), **{name: str(text) for name, text in found.items()}}


def test_compose_answers_over_http_on_this_machine(tmp_path):
    read = env.read(app_environment(tmp_path, "compose.yaml"))
    assert (read.ssl_redirect, read.secure_cookies) == (False, False)
    assert read.allowed_hosts == ("localhost", "127.0.0.1")
    assert compose()["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_compose_has_its_secrets_in_files(tmp_path):
    read = env.read(app_environment(tmp_path, "compose.yaml"))
    assert read.database["password"] == "p/s@s w#r?d%DATABASE_PASSWORD_FILE"
    assert read.secret_key == "p/s@s w#r?d%SECRET_KEY_FILE"
    file = compose()
    named = {each for service in file["services"].values() for each in service.get("secrets", ())}
    assert named == set(file["secrets"])
    for service in file["services"].values():
        environment = service.get("environment", {})
        files = {path for name, path in environment.items() if name.endswith("_FILE")}
        assert files == {f"/run/secrets/{name}" for name in service.get("secrets", ())}


def test_compose_with_tls_in_front_sends_browsers_there(tmp_path):
    files = ("compose.yaml", "compose.tls.yaml")
    read = env.read(app_environment(tmp_path, *files, DOMAIN="app.example"))
    assert (read.ssl_redirect, read.secure_cookies, read.num_proxies) == (True, True, 1)
    assert (read.allowed_hosts, read.hsts_seconds) == (("app.example",), 3600)
    front = compose("compose.tls.yaml", DOMAIN="app.example")["services"]["caddy"]
    assert "app.example" in front["command"]


@pytest.mark.parametrize("service", ["web", "beat", "migrate", "worker-weekly-report"])
def test_every_variable_of_the_compose_file_is_read(service):
    known = env.names() | {f"{name}_FILE" for name in SECRETS}
    assert compose()["services"][service]["environment"].keys() <= known


def test_the_compose_file_runs_the_same_workers():
    services = compose()["services"]
    commands = [str(service.get("command", "")) for service in services.values()]
    assert sorted(consumed(commands)) == expected()


@pytest.mark.parametrize("path", sorted(LAYOUT))
def test_every_folder_of_the_layout_exists(path):
    assert (PROJECT / path).is_dir()


def test_the_layout_names_the_folders_at_the_top():
    assert {"config/", "llmconfig/", "workers/", "tests/", "benchmarks/", "docs/"} <= LAYOUT


def test_every_variable_of_readme_and_first_guide_is_read():
    named = set(re.findall(r"`([A-Z_]{6,})`", README + OWN_SERVICES))
    named -= {"DJANGO_SETTINGS_MODULE", "PUT", "GET"}
    assert {"OLLAMA_HOST", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"} <= named
    assert named <= env.names() | {f"{name}_FILE" for name in SECRETS}


def test_the_five_words_are_the_makefiles_targets():
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for_developers = {"chaos", "openapi", "docs"}
    assert targets - for_developers == {"install", "lint", "test", "demo", "clean"}


def test_web_processes_leave_sockets_and_addresses_that_callers_claim_alone():
    web = next(each for each in procfile.read(PROJECT / "Procfile") if each.name == "web")
    image = re.search(r"CMD (\[.*\])", (PROJECT / "Dockerfile").read_text())[1]
    for command in (web.command, " ".join(json.loads(image))):
        assert " --ws none " in command
        assert " --no-proxy-headers " in command


def test_workers_have_time_to_hand_back_before_they_are_killed():
    services = compose()["services"]
    workers = [service for name, service in services.items() if name.startswith("worker-")]
    assert len(workers) == 4
    for worker in workers:
        patience = int(worker["stop_grace_period"].removesuffix("s"))
        assert patience >= env.read().shutdown_grace_seconds + 10


def test_all_processes_together_hold_fewer_than_eighty_database_connections():
    processes = procfile.read(PROJECT / "Procfile")
    assert len(processes) == 6
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]
    assert len(processes) * pool["max_size"] < 80
