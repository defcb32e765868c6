"""Start the stack, let schemathesis at it once for each role, and say how it went."""

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path

from benchmarks.fuzz.stack import Fuzzed, fuzzed
from config.env import PROJECT


def main() -> int:
    options = _options()
    print(f"seed {options.seed}, {options.examples} examples an operation", flush=True)  # noqa: T201
    roles = [options.role] if options.role else ["user", "staff"]
    with fuzzed() as stack:
        ended = {role: _run(stack, role, options) for role in roles}
        crashes = stack.log.read_text(errors="replace").count("Traceback (most recent call last)")
    for role, code in ended.items():
        print(f"{role}: {'0 failures' if code == 0 else 'FAILED'}")  # noqa: T201
    print(f"tracebacks in the log of the stack: {crashes}")  # noqa: T201
    return max(ended.values())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))  # noqa: S311
    parser.add_argument("--role", choices=["user", "staff"])
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--only", help="the operationId of one operation")
    parser.add_argument("--log", type=Path, help="copy the log of the stack there")
    return parser.parse_args()


def _run(stack: Fuzzed, role: str, options: argparse.Namespace) -> int:
    command = [
        Path(sys.executable).with_name("schemathesis"),
        *("run", f"{stack.url}/v1/schema?format=json"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", str(options.examples), "--seed", str(options.seed)),
        *("--continue-on-failure", "--workers", "2"),
        *(("--include-operation-id", options.only) if options.only else ()),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "benchmarks.fuzz.hooks",
        "FUZZ_TOKEN": stack.tokens[role],
        "FUZZ_PASSWORD": stack.password,
        "FUZZ_URL": stack.url,
        "NO_PROXY": "127.0.0.1",
    }
    code = subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    if options.log:
        options.log.write_text(stack.log.read_text(errors="replace"))
    return code


if __name__ == "__main__":
    sys.exit(main())
