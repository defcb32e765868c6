"""The whole service works below a path, whether the proxy in front takes the path away or not."""

import re
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import override_settings

from config.api.accounts.tokens import token_issue
from tests.workers.streaming.web_process import web_process

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/llm"
#: How the web process learns of the path, and what the proxy leaves of it.
WAYS = {
    "told by the server, taken away": (["--root-path", PATH], {}, ""),
    "stated, left in front": ([], {"FORCE_SCRIPT_NAME": f"{PATH}/"}, PATH),
    "stated, taken away": ([], {"FORCE_SCRIPT_NAME": PATH}, ""),
}
#: One of production's.
HASHER = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
STORAGES = {"staticfiles": {"BACKEND": "config.static_files.ManifestStorage"}}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with the static files, as an image has them."""
    home = tmp_path_factory.mktemp("home")
    with override_settings(STATIC_ROOT=home / "static", STORAGES=STORAGES):
        call_command("collectstatic", "--noinput", verbosity=0)
    return home


class Outside(httpx.Client):
    """Asks by the addresses of the outside; a proxy in between ends TLS."""

    def __init__(self, port, left):
        self._left = left
        headers = {"Host": "app.example", "X-Forwarded-Proto": "https"}
        super().__init__(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30)

    def request(self, method, url, **options):
        address = urlsplit(url)
        assert address.path.startswith(f"{PATH}/"), url
        path = self._left + address.path.removeprefix(PATH)
        # They are for HTTPS alone, which the proxy speaks.
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.cookies.jar)
        options["headers"] = {"Cookie": cookies, **(options.get("headers") or {})}
        return super().request(method, address._replace(path=path).geturl(), **options)


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def outside(request, tmp_path, home):
    options, stated, left = request.param
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "k" * 60,
        "ALLOWED_HOSTS": "app.example",
        "LLMCONFIG_HOME": str(home),
        **stated,
    }
    with (
        web_process(tmp_path / "web.log", *options, **environment) as process,
        Outside(process.port, left) as client,
    ):
        yield client


def test_the_service_works_below_a_path(outside):
    probes(outside)
    problems(outside)
    redirects(outside)
    admin(outside)
    api(outside)
    description(outside)


def probes(outside):
    for address in ("/healthz", "/readyz"):
        answer = outside.get(PATH + address, headers={"X-Forwarded-Proto": "http"})
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def problems(outside):
    for address, headers, status in (
        ("/v1/nowhere", {}, 404),
        ("/v1/status", {"Host": "elsewhere.example"}, 400),
        ("/v1/tasks", {}, 401),
    ):
        answer = outside.get(PATH + address, headers=headers)
        told = (answer.status_code, answer.headers["Content-Type"])
        assert told == (status, "application/problem+json")
    answer = outside.get(f"{PATH}/admin/", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


def redirects(outside):
    answer = outside.get(f"{PATH}/v1/status", headers={"X-Forwarded-Proto": "http"})
    assert (answer.status_code, answer.headers["Location"]) == (
        301, "https://app.example/llm/v1/status",
    )  # fmt: skip
    answer = outside.get(f"{PATH}/admin/")
    assert answer.headers["Location"] == "/llm/admin/login/?next=/llm/admin/"


def admin(outside):
    with override_settings(PASSWORD_HASHERS=[HASHER]):
        get_user_model().objects.create_superuser("ada", password="correct horse battery")
    login = f"{PATH}/admin/login/"
    files(outside, outside.get(login).text)
    answer = outside.post(
        login,
        data={
            "username": "ada",
            "password": "correct horse battery",
            "csrfmiddlewaretoken": outside.cookies["csrftoken"],
            "next": f"{PATH}/admin/",
        },
        headers={"Referer": f"https://app.example{login}"},
    )
    assert (answer.status_code, answer.headers.get("Location")) == (302, f"{PATH}/admin/")
    page = outside.get(f"{PATH}/admin/")
    assert page.status_code == 200
    files(outside, page.text)
    for link in set(re.findall(r'href="(/[^"#]*)"', page.text)):
        assert link.startswith(f"{PATH}/")
    assert outside.get(f"{PATH}/admin/?q=%00").status_code == 400


def files(outside, page):
    """What a page loads, and what its styles load."""
    addresses = set(re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg)[^"]*)"', page))
    assert any(address.endswith(".css") for address in addresses)
    for address in addresses:
        answer = outside.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]
        if address.endswith(".css"):
            for inner in re.findall(r"url\(\"?([^)\"]+\.woff2)\"?\)", answer.text):
                assert outside.get(urljoin(address, inner)).status_code == 200


def api(outside):
    _token, text = token_issue(user=get_user_model().objects.get(username="ada"), lifetime=None)
    answer = outside.post(
        f"{PATH}/v1/tasks",
        json={"task_type": "TASK_TYPE_TEXT_GENERATION", "payload": {"prompt": "Hello"}},
        headers={"Authorization": f"Token {text}"},
    )
    assert answer.status_code == 202, answer.text
    told = answer.json()["status_url"]
    assert told.startswith(f"{PATH}/v1/tasks/")
    assert outside.get(told, headers={"Authorization": f"Token {text}"}).status_code == 200


def description(outside):
    assert outside.get(f"{PATH}/v1/schema?format=json").json()["servers"] == [{"url": PATH}]
    page = outside.get(f"{PATH}/v1/docs")
    assert f'"{PATH}/v1/schema' in page.text
    files(outside, page.text)


def test_mails_link_to_where_the_site_is(settings):
    from workers.reports.delivery.messages import _address

    settings.SITE_URL = f"https://app.example{PATH}"
    assert _address("report-list-page") == f"https://app.example{PATH}/reports/"
    with override_settings(FORCE_SCRIPT_NAME=PATH):
        assert _address("report-list-page") == f"https://app.example{PATH}/reports/"
