import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmconfig.models import Preference, Tier
from llmconfig.resolution import bulk
from llmconfig.resolution.bulk import configs_resolve_for
from llmconfig.resolution.selectors import config_resolve
from llmconfig.values.errors import NoAllowedModel, UnknownTaskType
from tests.llmconfig.conftest import INSIGHT, REPORT, SEED

pytestmark = pytest.mark.django_db
User = get_user_model()


@pytest.fixture(autouse=True)
def _seed(configure):
    configure(SEED + 'user_preferences: {premium_model: "pro:1"}')


@pytest.fixture
def people():
    return User.objects.bulk_create(User(username=f"user {number}") for number in range(6))


@pytest.fixture
def groups():
    return [Group.objects.create(name=name) for name in ("premium", "gold", "iron")]


def one_by_one(user_id, task_type):
    try:
        return config_resolve(user_id=user_id, task_type=task_type)
    except NoAllowedModel:
        return None


MODELS = st.sampled_from([None, "llama3.2:3b", "phi4:14b", "qwen3"])
FIELDS = st.fixed_dictionaries(
    {
        "model": MODELS,
        "fallback_model": MODELS,
        "max_retries": st.sampled_from([None, 0, 5]),
        "parameters": st.sampled_from([{}, {"seed": 1}, {"temperature": 0.0, "top_k": 3}]),
    }
)
PLACE = st.integers(0, 99)
SCENES = st.fixed_dictionaries(
    {
        "members": st.lists(st.tuples(PLACE, PLACE), max_size=8),
        # The list of models of each group that is a tier.
        "tiers": st.lists(
            st.sampled_from(["no tier", None, ["llama3.2:*"], ["qwen3", "phi4:*"]]),
            min_size=3,
            max_size=3,
        ),
        "rows": st.dictionaries(
            st.tuples(
                st.sampled_from(["everyone", "tier", "user"]),
                PLACE,
                st.sampled_from([None, INSIGHT, REPORT]),
            ),
            FIELDS,
            max_size=10,
        ),
    }
)


def arrange(scene, people, groups):
    Preference.objects.all().delete()
    Tier.objects.all().delete()
    for person in people:
        person.groups.clear()
    for person, group in scene["members"]:
        people[person % len(people)].groups.add(groups[group % len(groups)])
    for rank, (group, allowed) in enumerate(zip(groups, scene["tiers"], strict=True)):
        if allowed != "no tier":
            Tier.objects.create(group=group, rank=rank, allowed_models=allowed)
    for (kind, place, task_type), fields in scene["rows"].items():
        owner = {
            "everyone": {"user": None, "group": None},
            "tier": {"user": None, "group": groups[place % len(groups)]},
            "user": {"user": people[place % len(people)], "group": None},
        }[kind]
        Preference.objects.update_or_create(**owner, task_type=task_type, defaults=fields)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(scene=SCENES)
def test_many_are_decided_as_one_by_one(people, groups, scene):
    arrange(scene, people, groups)
    ids = [person.pk for person in people]
    for task_type in (INSIGHT, REPORT):
        decided = dict(configs_resolve_for(ids, task_type))
        alone = {user_id: one_by_one(user_id, task_type) for user_id in ids}
        assert decided == alone
        assert {k: v and v.shadowed for k, v in decided.items()} == {
            k: v and v.shadowed for k, v in alone.items()
        }


def test_who_may_use_no_model_gets_none(configure, people):
    configure(SEED, LLM_ALLOWED_MODELS="phi4")
    assert dict(configs_resolve_for([people[0].pk], INSIGHT)) == {people[0].pk: None}


def test_the_answers_come_in_the_order_of_the_users(people, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 2)
    ids = [person.pk for person in reversed(people)] + [people[0].pk, 999_999]
    assert [user_id for user_id, _config in configs_resolve_for(ids, INSIGHT)] == ids


def test_a_user_who_is_gone_gets_what_holds_for_everyone():
    assert dict(configs_resolve_for([999_999], INSIGHT))[999_999].model == "llama3.2:3b"


def test_ten_thousand_users_take_four_queries(premium, state, django_assert_num_queries):
    state(group=premium, max_retries=1)
    users = User.objects.bulk_create(User(username=f"user {n}") for n in range(bulk.CHUNK))
    members = User.groups.through
    members.objects.bulk_create(members(user=user, group=premium) for user in users[::3])
    Preference.objects.bulk_create(
        Preference(user=user, version=1, max_retries=4) for user in users[::4]
    )
    with django_assert_num_queries(4):
        decided = dict(configs_resolve_for((user.pk for user in users), INSIGHT))
    assert len(decided) == bulk.CHUNK
    told = [decided[user.pk].max_retries for user in users[:5]]
    assert told == [4, 2, 2, 1, 4]


def test_users_are_read_as_the_caller_goes_on(people, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(bulk, "CHUNK", 2)
    answers = configs_resolve_for(iter([person.pk for person in people]), INSIGHT)
    with django_assert_num_queries(4):
        next(answers)
        next(answers)
    with django_assert_num_queries(2):
        next(answers)


def test_an_unknown_task_type_is_refused_before_anyone_is_read():
    with pytest.raises(UnknownTaskType):
        configs_resolve_for([1], "TASK_TYPE_POEM")
