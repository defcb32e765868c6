"""What a machine lacks is told in one line, before anything is downloaded."""

import builtins
import platform
import subprocess
import sys
from collections import namedtuple

import pytest

from config import preflight

Version = namedtuple("Version", "major minor micro")


def test_this_machine_lacks_nothing():
    assert preflight.lacking() is None


def test_an_old_python_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", Version(3, 9, 2))
    assert "3.11" in preflight.lacking()


def test_a_missing_venv_module_names_the_package(monkeypatch):
    real = builtins.__import__

    def without_ensurepip(name, *args, **kwargs):
        if name == "ensurepip":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    assert "python3-venv" in preflight.lacking()


@pytest.mark.parametrize(
    ("system", "machine", "libc"),
    [("Linux", "x86_64", ""), ("Linux", "riscv64", "glibc"), ("Windows", "AMD64", "")],
)
def test_a_platform_without_wheels_is_told_what_to_do_instead(monkeypatch, system, machine, libc):
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    told = preflight.lacking()
    assert "container" in told
    assert "\n" not in told


def test_it_runs_without_the_project():
    done = subprocess.run([sys.executable, "-I", "config/preflight.py"], timeout=30)
    assert done.returncode == 0
