#!/bin/sh
# Compiles every lock file from pyproject.toml. Needs uv: `python -m pip install uv`.
# Arguments go to uv, for example --upgrade.
set -eu
cd "$(dirname "$0")/.."
lock() {
    name=$1; shift
    uv pip compile --quiet --universal --generate-hashes --no-header \
        "$@" pyproject.toml --output-file "requirements/$name.txt"
}
lock base "$@"
lock production --extra production "$@"
lock demo --extra production --extra demo "$@"
lock dev --extra production --extra demo --extra dev "$@"
lock benchmarks --extra production --extra demo --extra benchmarks "$@"
# In the same environment as the tests: what both need has one version.
lock docs --extra docs --constraint requirements/dev.txt "$@"
