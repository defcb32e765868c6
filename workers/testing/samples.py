"""A small instance of a JSON schema: what a model that was given the schema might answer."""

from collections.abc import Callable, Mapping
from typing import Any

FILLER = "sample "


def instance(schema: Mapping[str, Any] | bool, root: Mapping[str, Any] | None = None) -> Any:
    """The smallest value we know to be valid by ``schema``.

    Understands what structured output uses; ``pattern``, ``not`` and ``if`` are ignored.
    """
    if isinstance(schema, bool):
        return None
    root = schema if root is None else root
    if "$ref" in schema:
        return instance(_referred(schema["$ref"], root), root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return instance({**_without(schema, word), **schema[word][0]}, root)
    if "allOf" in schema:
        return instance(_merged(_without(schema, "allOf"), *schema["allOf"]), root)
    return _MAKERS[_kind(schema)](schema, root)


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(kind if isinstance(kind, str) else kind[0])


def _object(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {name: instance(properties.get(name, {}), root) for name in schema.get("required", ())}


def _array(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Any]:
    prefix = [instance(item, root) for item in schema.get("prefixItems", ())]
    missing = max(0, schema.get("minItems", 0) - len(prefix))
    return prefix + [instance(schema.get("items", {}), root) for _ in range(missing)]


def _string(schema: Mapping[str, Any], _root: Mapping[str, Any]) -> str:
    least: int = max(1, schema.get("minLength", 1))
    text: str = (FILLER * (least // len(FILLER) + 1)).strip()
    while len(text) < least:
        text += "."
    most: int = schema.get("maxLength", len(text))
    return text[:most]


def _number(schema: Mapping[str, Any], _root: Mapping[str, Any]) -> float:
    step: float = schema.get("multipleOf", 1)
    if "minimum" in schema:
        return _least_multiple(schema["minimum"], step)
    if "exclusiveMinimum" in schema:
        least = _least_multiple(schema["exclusiveMinimum"], step)
        return least if least > schema["exclusiveMinimum"] else least + step
    most: float = schema.get("maximum", schema.get("exclusiveMaximum", step) - step)
    return min(0, most // step * step)


def _least_multiple(bound: float, step: float) -> float:
    return -(-bound // step) * step


_MAKERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": lambda _schema, _root: True,
    "null": lambda _schema, _root: None,
}


def _referred(pointer: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for part in pointer.removeprefix("#").split("/")[1:]:
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def _without(schema: Mapping[str, Any], word: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != word}


def _merged(*schemas: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        properties = {**merged.get("properties", {}), **schema.get("properties", {})}
        required = [*merged.get("required", ()), *schema.get("required", ())]
        merged = {**merged, **schema, "properties": properties, "required": required}
        if not properties:
            del merged["properties"], merged["required"]
    return merged
