"""MkDocs hook: renders docs/openapi.yaml below the page reference/http-api.md at build time."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

Node = Mapping[str, Any]
DESCRIPTION = Path(__file__).parents[1] / "openapi.yaml"
PAGE = "reference/http-api.md"
METHODS = ("get", "put", "post", "patch", "delete")
#: Keywords of JSON Schema that a row of a table shows beside the type.
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "maxProperties")


def on_page_markdown(markdown: str, page: "Page", **_: object) -> str:
    """Append operations and schemas to their page; nothing is written to docs/."""
    if page.file.src_uri != PAGE:
        return markdown
    return f"{markdown}\n{render(yaml.safe_load(DESCRIPTION.read_text()))}"


def render(document: Node) -> str:
    """Operations by tag, then schemas by name."""
    parts = []
    for tag in document["tags"]:
        parts.append(f"## {tag['name'].capitalize()}\n\n{tag.get('description', '')}\n")
        for method, path, operation in _operations(document):
            if tag["name"] in operation["tags"]:
                parts.append(_operation(method, path, operation, document))
    parts.append("## Schemas\n")
    schemas = document["components"]["schemas"]
    parts += [_schema(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join(parts)


def _operations(document: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def _operation(method: str, path: str, operation: Node, document: Node) -> str:
    lines = [
        f"### {operation['summary']} {{ #{operation['operationId']} }}\n",
        f"```http\n{method} {path}\n```\n",
        f"{operation.get('description', '')}\n",
        *_parameters(operation.get("parameters", ())),
        *_body(operation.get("requestBody")),
        *_responses(operation["responses"], document["components"].get("responses", {})),
    ]
    return "\n".join(lines)


def _parameters(parameters: Any) -> Iterator[str]:
    if parameters:
        yield "| parameter | in | type | |\n|---|---|---|---|"
        for each in parameters:
            name = f"`{each['name']}`" + (" (required)" if each.get("required") else "")
            kind, text = _type(each.get("schema", {})), _cell(each.get("description", ""))
            yield f"| {name} | {each['in']} | {kind} | {text} |"
        yield ""


def _body(body: Node | None) -> Iterator[str]:
    for media, content in (body or {}).get("content", {}).items():
        yield f"Body, `{media}`: {_type(content.get('schema', {}))}\n"
        for example in content.get("examples", {}).values():
            if "value" in example:
                shown = json.dumps(example["value"], indent=2, ensure_ascii=False)
                yield f"```json\n{shown}\n```\n"


def _responses(responses: Node, shared: Node) -> Iterator[str]:
    yield "| status | body | |\n|---|---|---|"
    for status, stated in responses.items():
        response = shared[stated["$ref"].rpartition("/")[2]] if "$ref" in stated else stated
        bodies = (_type(each.get("schema", {})) for each in response.get("content", {}).values())
        shown = ", ".join(dict.fromkeys(bodies))
        yield f"| {status} | {shown} | {_cell(response.get('description', ''))} |"
    yield ""


def _schema(name: str, schema: Node) -> str:
    lines = [f"### {name} {{ #schema-{name} }}\n", f"{schema.get('description', '')}\n"]
    properties = schema.get("properties")
    if not properties:
        return "\n".join([*lines, f"{_type(schema)}\n"])
    lines.append("| member | type | |\n|---|---|---|")
    for key, value in properties.items():
        label = f"`{key}`" + (" (required)" if key in schema.get("required", ()) else "")
        lines.append(f"| {label} | {_type(value)} | {_cell(value.get('description', ''))} |")
    return "\n".join([*lines, ""])


def _type(schema: Any) -> str:
    """A schema in a few words, with links to the named ones."""
    if not isinstance(schema, Mapping) or not schema:
        return "any"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#schema-{name})"
    for keyword, joint in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if keyword in schema:
            return joint.join(dict.fromkeys(_type(each) for each in schema[keyword]))
    if "const" in schema:
        return f"`{_literal(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{_literal(each)}`" for each in schema["enum"])
    return _plain_type(schema)


def _plain_type(schema: Node) -> str:
    stated = schema.get("type", "any")
    kinds = list(stated) if isinstance(stated, list) else [stated]
    if "array" in kinds:
        kinds[kinds.index("array")] = f"array of {_type(schema.get('items', {}))}"
    if "format" in schema:
        kinds[0] += f" ({schema['format']})"
    bounds = [f"{key} {schema[key]}" for key in BOUNDS if key in schema]
    return ", ".join([" or ".join(kinds), *bounds])


def _literal(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value)
    return _cell(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
