"""A second, naive answer to what ``resolve`` answers: slow, short, and sharing no code with it."""


def winner(statements, field, allowed):
    """Walk from the strongest; take the first that may hold. Returns (value, origin) or None."""
    for statement in sorted(enumerate(statements), key=lambda pair: -pair[0]):
        stated = statement[1]
        if stated.field != field:
            continue
        if field in ("model", "fallback_model") and stated.value != "":
            full = stated.value if ":" in stated.value else stated.value + ":latest"
            if full not in allowed:
                continue
        return stated.value, stated.origin
    return None


def answer(statements, allowed):
    """``(values, parameters, origins, source)``, or None where no model is allowed.

    ``allowed`` holds full names.
    """
    model = winner(statements, "model", allowed)
    if model is None:
        return None
    defaults = {
        "fallback_model": "",
        "timeout_seconds": 60,
        "first_token_timeout_seconds": None,
        "max_retries": 3,
        "deadline_seconds": 600,
    }
    values, origins = {"model": model[0]}, {"model": model[1]}
    for field, default in defaults.items():
        found = winner(statements, field, allowed)
        if field == "fallback_model" and found and same(found[0], model[0]):
            found = None
        values[field] = found[0] if found else default
        origins[field] = found[1] if found else None
    if values["timeout_seconds"] > values["deadline_seconds"]:
        values["timeout_seconds"] = values["deadline_seconds"]
    first = values["first_token_timeout_seconds"]
    if first is not None and first > values["timeout_seconds"]:
        values["first_token_timeout_seconds"] = values["timeout_seconds"]
    parameters = {}
    for field in {stated.field for stated in statements if stated.field.startswith("parameters.")}:
        parameters[field.split(".")[1]], origins[field] = winner(statements, field, allowed)
    return values, parameters, origins, model[1].layer


def same(one, other):
    full = [name if ":" in name else name + ":latest" for name in (one, other)]
    return full[0] == full[1]
