"""SQL twin of `normalise_model`, so that rows are filtered and grouped by normal form."""

from django.db.models import Case, F, Func, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Collate, Concat, Lower
from django.db.models.lookups import Regex

from llmconfig.values.model_grammar import PATTERN
from llmconfig.values.model_names import DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG


def normal_model(field: str) -> Case:
    """The normal form of the model's name that a column holds."""
    short = _without(_without(_lower(field), "^[a-z]+://"), f"^{DEFAULT_HOST.replace('.', '[.]')}/")
    short = _replaced(short, f"^{DEFAULT_NAMESPACE}/([^/]*)$", r"\1")
    tagged = Case(
        When(Regex(short, ":[^/]*$"), then=short),
        default=Concat(short, Value(f":{DEFAULT_TAG}"), output_field=TextField()),
    )
    return Case(
        When(Regex(F(field), f"^{PATTERN}$"), then=tagged),
        default=F(field),
        output_field=TextField(),
    )


def _lower(field: str) -> Lower:
    # Names are ASCII; other collations may have another lower case for I.
    return Lower(Collate(F(field), "C"), output_field=TextField())


def _without(text: Combinable, pattern: str) -> Func:
    return _replaced(text, pattern, "")


def _replaced(text: Combinable, pattern: str, by: str) -> Func:
    return Func(
        text, Value(pattern), Value(by), function="regexp_replace", output_field=TextField()
    )
