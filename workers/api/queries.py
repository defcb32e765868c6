"""Reading what stands behind the ``?`` of an address."""

from collections.abc import Collection

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


def query_read(query: QueryDict, others: Collection[str] = ()) -> dict[str, str]:
    """The parameters by name, but for ``others``. Raises ``ValidationError`` for one that is given
    twice: nobody knows which is meant."""
    given = {name: query.getlist(name) for name in query if name not in others}
    if twice := [name for name, values in given.items() if len(values) > 1]:
        raise serializers.ValidationError({name: [_("Given more than once.")] for name in twice})
    return {name: value for name, (value,) in given.items()}
