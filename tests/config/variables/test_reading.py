"""Where the text of a variable comes from: variable, file, running stack."""

import pytest

from config.variables.reading import QUOTED, SECRETS, SERVERS, Variables, is_named, variables_of


def read(name, environ, stack=None):
    variables = Variables(environ, stack or {})
    return variables.secret(name), variables.problems


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_may_be_the_content_of_a_file(tmp_path, name):
    (tmp_path / "secret").write_text(" p/s@s #1\n")
    assert read(name, {f"{name}_FILE": str(tmp_path / "secret")}) == (" p/s@s #1", [])


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_line_end_of_a_file_is_no_part_of_the_secret(tmp_path, end):
    (tmp_path / "secret").write_bytes(f"p ä{end}".encode())
    assert read("REDIS_PASSWORD", {"REDIS_PASSWORD_FILE": str(tmp_path / "secret")})[0] == "p ä"


def test_a_file_that_cannot_be_used_is_refused_with_its_path(tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    (tmp_path / "nul").write_bytes(b"hunter2\0")
    for path, told in {
        "absent": "cannot be read: No such file or directory",
        "": "cannot be read: Is a directory",
        "empty": "is empty; accepted: a file with the value",
        "binary": "is not text in UTF-8",
        "nul": "holds the character NUL; accepted: a file of text",
    }.items():
        named = str(tmp_path / path)
        text, problems = read("SECRET_KEY", {"SECRET_KEY_FILE": named})
        assert (text, problems) == ("", [f"SECRET_KEY_FILE: {named} {told}"])


def test_a_secret_that_is_stated_twice_is_refused(tmp_path):
    (tmp_path / "secret").write_text("a")
    environ = {"SECRET_KEY": "b", "SECRET_KEY_FILE": str(tmp_path / "secret")}
    assert read("SECRET_KEY", environ)[1] == [
        "SECRET_KEY: stated, and so is SECRET_KEY_FILE; accepted: one of them"
    ]
    assert read("SECRET_KEY", environ | {"SECRET_KEY": ""}) == ("a", [])
    assert read("SECRET_KEY", environ | {"SECRET_KEY_FILE": ""}) == ("b", [])


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_refused_value_in_quotes_is_hinted_at(quote):
    variables = Variables({"TIME_ZONE": f"{quote}UTC{quote}"}, {})

    def refuse(text):
        raise ValueError("accepted: UTC")

    assert variables.parsed("TIME_ZONE", "", refuse) is None
    assert variables.problems == [f"TIME_ZONE: accepted: UTC; {QUOTED}"]


STACK = {
    "DATABASE_URL": "postgresql://stack/db",
    "REDIS_URL": "redis://stack",
    "LLM_CONFIG_FILE": "f",
}


def test_a_running_stack_stands_in_for_servers_that_no_variable_names():
    assert read("DATABASE_URL", {}, STACK)[0] == STACK["DATABASE_URL"]
    assert read("DATABASE_URL", {"DATABASE_URL": ""}, STACK)[0] == STACK["DATABASE_URL"]
    assert read("DATABASE_URL", {"DATABASE_URL": "postgresql://own/db"}, STACK)[0] == (
        "postgresql://own/db"
    )
    assert read("LLM_CONFIG_FILE", {}, STACK)[0] == "f"


@pytest.mark.parametrize("name", ["DATABASE_HOST", "DATABASE_NAME", "DATABASE_URL_FILE"])
def test_what_names_another_server_keeps_the_stack_s_out(name):
    environ = {name: "/nowhere"}
    assert is_named("DATABASE_URL", environ)
    assert read("DATABASE_URL", environ, STACK)[0] == ""


def test_a_password_of_the_caller_is_not_sent_to_the_stack_s_server():
    environ = {"REDIS_PASSWORD": "mine", "DATABASE_PASSWORD": "mine"}
    assert read("REDIS_PASSWORD", environ, STACK)[0] == ""
    assert read("REDIS_PASSWORD", environ)[0] == "mine"


def test_every_variable_of_a_server_is_known():
    assert set(variables_of("REDIS_URL")) == {
        "REDIS_URL", "REDIS_URL_FILE", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE",
    }  # fmt: skip
    assert {name for server in SERVERS for name in variables_of(server)} > set(SERVERS)
