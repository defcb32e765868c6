"""The documentation: links resolve, named modules exist, the README stays short."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import yaml

from config.env import PROJECT

DOCS = PROJECT / "docs"
PAGES = sorted(PROJECT.glob("*.md")) + sorted(DOCS.rglob("*.md"))
#: Fenced blocks and code spans, whose brackets are no links.
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = ("http://", "https://", "mailto:")


def name_of(path):
    return str(path.relative_to(PROJECT))


def links_of(page):
    found = LINK.findall(CODE.sub("", page.read_text()))
    return [link for link in found if not link.startswith(OUTSIDE)]


def anchors_of(page):
    """The ids of a page's headings, as GitHub and MkDocs make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


def is_broken(page, link):
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors_of(target)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_resolves(page):
    assert [link for link in links_of(page) if is_broken(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_page_of_docs_that_a_page_names_exists(page):
    named = set(re.findall(r"\bdocs/[\w/-]+\.(?:md|yaml|png)", page.read_text()))
    assert [path for path in sorted(named) if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize("folder", ["config", "llmconfig", "workers", "tests", "benchmarks"])
def test_every_page_of_docs_that_the_code_names_exists(folder):
    named = {
        (name_of(file), path)
        for file in sorted((PROJECT / folder).rglob("*.py"))
        for path in re.findall(r"\bdocs/[\w/-]+\.md", file.read_text())
    }
    assert [each for each in sorted(named) if not (PROJECT / each[1]).exists()] == []


def modules_named(text):
    """Dotted and slashed paths in code spans that begin with a package of ours."""
    top = r"(?:config|llmconfig|workers|devstack|benchmarks)"
    return set(re.findall(rf"`({top}(?:[./][\w.]+)*/?)(?:\(\))?`", text))


def exists(name):
    """A folder, a file, a module, or a member of a module."""
    path = name.rstrip("/")
    if "/" in path or path.endswith((".py", ".yaml")):
        return (PROJECT / path).exists() or (PROJECT / f"{path}.py").exists()
    place = PROJECT.joinpath(*path.split("."))
    if place.is_dir() or place.with_suffix(".py").exists():
        return True
    module, _, member = path.rpartition(".")
    file = PROJECT.joinpath(*module.split(".")).with_suffix(".py")
    if not file.exists():
        file = PROJECT.joinpath(*module.split("."), "__init__.py")
    return file.exists() and re.search(rf"^(?:def |class |){member}\b", file.read_text(), re.M)


def test_the_page_of_architecture_names_what_exists():
    named = modules_named((DOCS / "architecture.md").read_text())
    assert len(named) >= 40, "the page names the modules that decide"
    assert [name for name in sorted(named) if not exists(name)] == []


QUESTIONS = """\
    merge, allow-list, environment, invalidation, revert, header, queue name, registration, claim,
    retry, fallback, deadline, options, breaker, release, resume, leadership, due, rate limit,
    status of an error"""


@pytest.mark.parametrize("question", [each.strip() for each in QUESTIONS.split(",")])
def test_the_page_of_architecture_answers(question):
    table = (DOCS / "architecture.md").read_text().partition("## Where is it decided?")[2]
    [answer] = [row for row in table.splitlines() if f"**{question}**" in row]
    assert modules_named(answer)


def test_the_readme_has_at_most_a_hundred_lines():
    assert len((PROJECT / "README.md").read_text().splitlines()) <= 100


def test_the_readme_shows_calls_that_exist():
    """Imports of every Python block in README and tutorial."""
    pages = [PROJECT / "README.md", *sorted((DOCS / "tutorial").glob("*.md"))]
    blocks = re.findall(r"^```python\n(.*?)^```$", "".join(map(Path.read_text, pages)), re.M | re.S)
    imports = {
        line for block in blocks for line in re.findall(r"^from \S+ import .+$", block, re.M)
    }
    assert imports
    for line in sorted(imports):
        exec(line, {})  # noqa: S102  (our own documentation)


def test_the_site_lists_every_page():
    text = (PROJECT / "mkdocs.yml").read_text()
    listed = set(re.findall(r"[\w/-]+\.md", text))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    by_hook = {page for page in pages if re.match(r"decisions/\d", page)}
    assert listed == pages - by_hook


def test_the_site_loads_nothing_from_elsewhere():
    config = yaml.safe_load((PROJECT / "mkdocs.yml").read_text().replace("!!python", ""))
    assert config["theme"]["font"] is False
    assert config["strict"] is True
    sources = [*config.get("extra_css", ()), *config.get("extra_javascript", ())]
    assert not [source for source in sources if "//" in source]


@pytest.fixture(scope="module")
def http_api():
    """The hook that renders the API, which is in no package."""
    spec = importlib.util.spec_from_file_location("http_api", DOCS / "hooks" / "http_api.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_the_rendered_api_has_every_operation_and_schema(http_api):
    document = yaml.safe_load((DOCS / "openapi.yaml").read_text())
    page = http_api.render(document)
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in http_api.METHODS
    ]
    assert [name for name in operations if page.count(f"{{ #{name} }}") != 1] == []
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if page.count(f"{{ #schema-{name} }}") != 1] == []
    linked = set(re.findall(r"\(#schema-(\w+)\)", page))
    assert linked <= schemas.keys()
