"""Procfile, compose file and README say what the code does."""

import json
import re

import pytest
import yaml
from django.conf import settings

from config import env
from config.embedded import procfile
from config.env import PROJECT
from workers import task_types
from workers.queues import PRIORITIES, queue_name

README = (PROJECT / "README.md").read_text()


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


def test_the_compose_file_runs_the_same_workers():
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
    commands = [str(service.get("command", "")) for service in services.values()]
    assert sorted(consumed(commands)) == expected()


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"^([a-z]+/[a-z/]*) ", README, flags=re.MULTILINE)))
)
def test_every_folder_of_the_readme_exists(path):
    assert (PROJECT / path).is_dir()


def test_every_variable_of_the_readme_is_read():
    named = set(re.findall(r"`([A-Z_]{6,})`", README)) - {"DJANGO_SETTINGS_MODULE", "PUT", "GET"}
    assert named <= env.names()


def test_the_five_words_are_the_makefiles_targets():
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for_developers = {"chaos", "openapi"}
    assert targets - for_developers == {"install", "lint", "test", "demo", "clean"}


def test_web_processes_leave_sockets_and_addresses_that_callers_claim_alone():
    web = next(each for each in procfile.read(PROJECT / "Procfile") if each.name == "web")
    image = re.search(r"CMD (\[.*\])", (PROJECT / "Dockerfile").read_text())[1]
    for command in (web.command, " ".join(json.loads(image))):
        assert " --ws none " in command
        assert " --no-proxy-headers " in command


def test_workers_have_time_to_hand_back_before_they_are_killed():
    services = yaml.safe_load((PROJECT / "compose.yaml").read_text())["services"]
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
