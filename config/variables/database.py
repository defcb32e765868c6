"""``DATABASE_URL``, or the same in parts, as connection parameters of libpq."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config.env_values import plain, whole
from config.variables.reading import PARTS, Variables
from llmconfig.values.urls import AddressInvalid, address_parse

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://user:password@host:5432/database"

Parameters = dict[str, str]

_port = whole(1, 65_535)


def database_read(variables: Variables) -> Parameters | None:
    """The database that the variables name; None for none, or where something is wrong."""
    password = variables.secret("DATABASE_PASSWORD")
    parts: Parameters = {
        "host": variables.parsed("DATABASE_HOST", "", plain),
        "port": variables.parsed("DATABASE_PORT", "", lambda text: str(_port(text))),
        "dbname": variables.parsed("DATABASE_NAME", "", plain),
        "user": variables.parsed("DATABASE_USER", "", plain),
    }
    stated = {name: text for name, text in parts.items() if text}
    if not variables.secret("DATABASE_URL"):
        return _of_parts(stated, password, variables)
    for name in stated:
        variable = f"DATABASE_{'NAME' if name == 'dbname' else name.upper()}"
        variables.problem(variable, "stated, and so is DATABASE_URL; accepted: one of them")
    return variables.parsed("DATABASE_URL", "", lambda text: database_parse(text, password))  # type: ignore[no-any-return]


def database_parse(text: str, password: str = "") -> Parameters:
    """A PostgreSQL URL. Raises ValueError."""
    address_parse(text, schemes=SCHEMES, example=EXAMPLE, several_hosts=True)
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(text).items()}
        for number in filter(None, found.get("port", "").split(",")):
            _port(number)
    except (psycopg.Error, ValueError):
        # libpq's own words may repeat a part of the text.
        raise AddressInvalid(
            f"libpq cannot use an option behind the ?; accepted: {EXAMPLE}?sslmode=require"
        ) from None
    if not (found.get("dbname") or found.get("service")):
        raise AddressInvalid(f"it names no database; accepted: {EXAMPLE}")
    if password and "password" in found:
        raise AddressInvalid("it has a password, and DATABASE_PASSWORD has one; accepted: one")
    return _with_password(found, password)


def _of_parts(stated: Parameters, password: str, variables: Variables) -> Parameters | None:
    if not any(variables.stated(name) for name in PARTS):
        return None
    if not variables.stated("DATABASE_NAME"):
        variables.problem("DATABASE_NAME", "not set; accepted: the name of a database")
    return _with_password(stated, password)


def _with_password(parameters: Parameters, password: str) -> Parameters:
    return parameters | ({"password": password} if password else {})
