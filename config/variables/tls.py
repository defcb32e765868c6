"""TLS options of Redis and RabbitMQ URLs: one spelling, and what each client makes of it.

``ssl_cert_reqs`` (required, optional, none), ``ssl_ca_certs``, ``ssl_certfile``, ``ssl_keyfile``,
``ssl_check_hostname``. Certificates are verified unless an option says otherwise, which kombu and
py-amqp would not do by themselves.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.env_values import flag

VERIFY = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
OPTIONS = ("ssl_cert_reqs", *FILES, "ssl_check_hostname")


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How a server is verified, and which certificate is shown to it."""

    verify: str = "required"
    check_hostname: bool = True
    #: Paths by the option's name.
    files: Mapping[str, str]

    def for_redis_py(self) -> dict[str, str]:
        """Options of its URL."""
        return {
            "ssl_cert_reqs": self.verify,
            "ssl_check_hostname": str(self.check_hostname).lower(),
            **self.files,
        }

    def for_kombu_redis(self) -> dict[str, Any]:
        """Celery's ``broker_use_ssl`` for ``rediss``."""
        return {
            "ssl_cert_reqs": VERIFY[self.verify],
            "ssl_check_hostname": self.check_hostname,
            **self.files,
        }

    def for_amqp(self) -> dict[str, Any]:
        """Celery's ``broker_use_ssl`` for ``amqps``; py-amqp compares the name that it is given."""
        name: dict[str, None] = {"server_hostname": None} if self.check_hostname else {}
        files = {key.removeprefix("ssl_"): path for key, path in self.files.items()}
        return {"cert_reqs": VERIFY[self.verify], **name, **files}


def tls_parse(options: Mapping[str, str]) -> Tls:
    """From the options of a URL whose scheme asks for TLS. Raises ValueError."""
    verify = options.get("ssl_cert_reqs", "required").removeprefix("CERT_").lower()
    if verify not in VERIFY:
        raise ValueError("accepted for ssl_cert_reqs: required, optional or none")
    files = {name: options[name] for name in FILES if name in options}
    for name, path in files.items():
        try:
            Path(path).open("rb").close()
        except (OSError, ValueError):
            raise ValueError(f"accepted for {name}: a file that can be read") from None
    try:
        check_hostname = flag(options.get("ssl_check_hostname", "true"))
    except ValueError:
        raise ValueError("accepted for ssl_check_hostname: true or false") from None
    return Tls(verify=verify, check_hostname=check_hostname and verify != "none", files=files)
