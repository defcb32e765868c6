"""No message and no representation holds a secret or a part of one."""

from urllib.parse import quote

import pytest

from config import env
from config.variables.reading import SECRETS, SERVERS

URLS = {
    "DATABASE_URL": "postgresql://me:{}@db:5432/app",
    "REDIS_URL": "redis://me:{}@cache:6379/0",
    "CELERY_BROKER_URL": "amqp://me:{}@queue:5672//",
    "OLLAMA_HOST": "http://me:{}@gpu:11434",
    "EMAIL_URL": "submissions://me:{}@mail:465",
}
LEFT, RIGHT = "hunter2left", "rightc0rrect"


def read(home, **environ):
    sender = {"DEFAULT_FROM_EMAIL": "me@app.example"}
    return env.read({"LLMCONFIG_HOME": str(home), **sender, **environ})


def refusal(home, **environ):
    with pytest.raises(env.EnvironmentInvalid) as refused:
        read(home, **environ)
    assert refused.value.__context__ is None
    return str(refused.value)


def test_every_variable_with_a_url_is_known():
    assert set(URLS) == set(SERVERS)


@pytest.mark.parametrize("character", ["/", "@", "#", "?", "%", " ", "%zz", "\t", "/@"])
@pytest.mark.parametrize("variable", URLS)
def test_a_raw_character_in_a_password_is_refused_with_variable_and_rule(
    tmp_path, variable, character
):
    told = refusal(tmp_path, **{variable: URLS[variable].format(LEFT + character + RIGHT)})
    assert told.startswith(f"{variable}: ")
    assert "/ as %2F, @ as %40, # as %23, ? as %3F, % as %25, a blank as %20" in told
    assert LEFT not in told
    assert RIGHT not in told


@pytest.mark.parametrize("variable", URLS)
def test_a_password_is_in_no_representation_of_the_environment(tmp_path, variable):
    password = f"{LEFT}/@#?% {RIGHT}"
    read_ = read(tmp_path, **{variable: URLS[variable].format(quote(password, safe=""))})
    assert LEFT not in repr(read_)
    assert RIGHT not in repr(read_)


OWNERS = {name: server for server, names in SERVERS.items() for name in names if "PASS" in name}


@pytest.mark.parametrize("name", [name for name in SECRETS if name not in URLS])
def test_a_secret_of_its_own_variable_is_in_no_representation(tmp_path, name):
    server = OWNERS.get(name)
    url = {server: URLS[server].replace(":{}", "")} if server else {}
    assert LEFT not in repr(read(tmp_path, **{name: LEFT, **url}))


@pytest.mark.parametrize("variable", URLS)
def test_a_password_that_is_stated_twice_is_refused_without_being_repeated(tmp_path, variable):
    other = variable.replace("_URL", "_PASSWORD").replace("_HOST", "_PASSWORD")
    told = refusal(tmp_path, **{variable: URLS[variable].format(LEFT), other: RIGHT})
    assert other in told
    assert LEFT not in told
    assert RIGHT not in told
