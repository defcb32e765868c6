"""Whoever writes what the refusal of a variable says is accepted is not refused again."""

import json
import re

import pytest

from config import env
from config.variables.reading import SECRETS, SERVERS

WRONG = [
    "?", "soon now", "a\tb", '"1"', "'x'", "-1", "1.5", "9" * 40, "http://a b", "://", "a/b c",
    "none at all", "@", "https://app.example/x?y",
]  # fmt: skip
#: They take any text, or what they take is llmconfig's to say.
FREE = {"SECRET_KEY", "LLMCONFIG_HOME", *env.LLM_VARIABLES} | {
    name for name in SECRETS if name.endswith("_PASSWORD")
}
BESIDE = {
    "DATABASE_PORT": {"DATABASE_NAME": "app"},
    "SECURE_HSTS_PRELOAD": {
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": "true", "SECURE_HSTS_SECONDS": "365d",
    },
}  # fmt: skip


def listed(text):
    return re.split(r", | or ", text)


READERS = {
    r"a whole number from (\d+) to (\d+), or days such as (\w+)": lambda *texts: [*texts],
    r"a whole number from (\d+) to (\d+)": lambda *texts: [*texts],
    r"(\d+) to (\d+) seconds, written as (.*)": lambda least, most, forms: [
        least, most, *listed(forms),
    ],
    r"(\w+) to (\w+), written as (.*)": lambda least, most, forms: [least, most, *listed(forms)],
    r"true or false": lambda: ["true", "false"],
    r"a number per s, min, hour or day, for example (\S+), or empty": lambda text: [
        text, "1/s", "1/hour", "1/day", "",
    ],
    r"a port from 1 to 65535, 0 for any free one, or empty for none": lambda: [
        "1", "65535", "0", "",
    ],
    r"a whole number, 0 or empty for no limit": lambda: ["1", "0", ""],
    r"a name of the IANA database, for example (\S+)": lambda text: [text],
    r"an address for mail, as (\S+) or (.*)": lambda *texts: [*texts],
    r"an address of this machine, as (.*)": listed,
    r"up to 64 letters, digits and _.:- as (\S+)": lambda text: [text],
    r"one line of text, without quotes around it": lambda: ["some text"],
    r"one of the words (.*)": listed,
    r"a JSON object of 2 to (\d+) characters, as (.*)": lambda length, text: [
        text, "{}", json.dumps({"": "x" * (int(length) - len(json.dumps({"": ""})))}),
    ],
    r"a key of ASCII characters, without blanks": lambda: ["k"],
    r"host names .*, as (\S+), (\S+) \(.*\), (\S+), (\S+) or (\S+)": lambda *texts: [
        *texts, ",".join(texts),
    ],
    r"a path from the first slash on, as (\S+)": lambda text: [text],
    r"origins .*, as (\S+), (\S+) or (\S+)": lambda *texts: [*texts, ",".join(texts)],
    r".*?://.*, for example (\S+);.*a host alone, as (\S+) or (\S+), means": (
        lambda *texts: [*texts]
    ),
    r".*?://.*, for example (\S+);": lambda text: [text],
}  # fmt: skip


def named(message):
    accepted = message.rpartition("accepted: ")[2].partition("; found: ")[0]
    for pattern, read in READERS.items():
        if found := re.match(pattern, accepted):
            return read(*found.groups())
    raise AssertionError(f"words that this reader does not know: {message}")


@pytest.fixture
def problems(tmp_path):
    """The lines about a variable with this text."""

    def of(name, text):
        environ = {"LLMCONFIG_HOME": str(tmp_path), **BESIDE.get(name, {}), name: text}
        try:
            env.read(environ)
        except env.EnvironmentInvalid as error:
            return [line for line in error.problems if line.startswith(f"{name}: ")]
        return []

    return of


@pytest.mark.parametrize("name", sorted(env.names() - FREE))
def test_what_a_refusal_accepts_is_accepted(problems, name):
    messages = {line for text in WRONG for line in problems(name, text)}
    assert messages
    for message in messages:
        for text in named(message.partition("; it begins and ends with a quote")[0]):
            assert problems(name, text) == [], (message, text)


@pytest.mark.parametrize("name", sorted(env.names() - FREE))
def test_a_value_in_quotes_is_hinted_at_where_it_is_refused(problems, name):
    told = "\n".join(problems(name, '"https://x y"'))
    assert "begins and ends with a quote" in told


@pytest.mark.parametrize("name", SERVERS)
def test_the_examples_of_every_url_refusal_are_accepted(problems, name):
    for suffix in ("?x=1", "/x/y/z", "?db=a"):
        for scheme in ("postgresql", "redis", "rediss", "amqp", "amqps", "smtp", "http", "unix"):
            for message in problems(name, f"{scheme}://host{suffix}"):
                shown = re.findall(r"[a-z+]+://[^\s,;]+", message.partition("accepted: ")[2])
                assert shown, message
                for text in shown:
                    told = problems(name, text.rstrip("/") if name == "EMAIL_URL" else text)
                    assert not told or text.endswith("://"), (message, text, told)
