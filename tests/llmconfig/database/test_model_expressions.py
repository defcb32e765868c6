"""PostgreSQL and Python have one normal form."""

import pytest
from django.db.models import Count
from django.db.models.lookups import Exact
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconfig.database.model_expressions import normal_model
from llmconfig.models import Preference
from llmconfig.values.model_names import normalise_model
from tests.llmconfig.spellings import NAMES, spellings

pytestmark = pytest.mark.django_db
TEXTS = st.one_of(
    NAMES, NAMES.flatmap(spellings), st.text(alphabet="aIl:./ -", min_size=1, max_size=9)
)


@pytest.fixture
def row(state):
    return state(model="a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(text=TEXTS)
def test_the_normal_form_in_sql_is_that_in_python(text, row):
    Preference.objects.filter(pk=row.pk).update(model=text)
    [found] = Preference.objects.values_list(normal_model("model"), flat=True)
    assert found == normalise_model(text)


def test_null_stays_null(state):
    state(fallback_model="a")
    assert list(Preference.objects.values_list(normal_model("model"), flat=True)) == [None]


def test_rows_are_filtered_and_grouped_by_it(state, ada):
    state(user=ada, model="library/Qwen3")
    state(model="qwen3:latest")
    assert Preference.objects.filter(Exact(normal_model("model"), "qwen3:latest")).count() == 2
    grouped = Preference.objects.values(name=normal_model("model")).annotate(rows=Count("pk"))
    assert list(grouped) == [{"name": "qwen3:latest", "rows": 2}]
