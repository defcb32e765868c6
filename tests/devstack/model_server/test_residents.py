from devstack.model_server.residents import Residents

NAME = "smollm2:135m"


def use(residents, *, seconds, name=NAME):
    return residents.using(name, seconds, 8192)


def names(residents):
    return [resident.name for resident in residents.loaded()]


def test_nothing_is_loaded_at_first():
    assert names(Residents()) == []


def test_a_used_name_stays_for_its_time():
    residents = Residents()
    with use(residents, seconds=60):
        pass
    assert names(residents) == [NAME]


def test_a_name_is_loaded_while_it_runs_however_short_its_time():
    residents = Residents()
    with use(residents, seconds=0):
        assert names(residents) == [NAME]
    assert names(residents) == []


def test_for_ever_is_listed_first():
    residents = Residents()
    with use(residents, seconds=60, name="b"), use(residents, seconds=float("inf"), name="a"):
        pass
    assert names(residents) == ["a", "b"]


def test_an_unloaded_name_is_gone():
    residents = Residents()
    with use(residents, seconds=60):
        pass
    residents.unload(NAME)
    residents.unload("never loaded")
    assert names(residents) == []


def test_a_name_is_not_unloaded_in_the_middle_of_an_answer():
    residents = Residents()
    with use(residents, seconds=60):
        residents.unload(NAME)
        assert names(residents) == [NAME]
    assert names(residents) == []


def test_a_request_undoes_an_unload_that_waits():
    residents = Residents()
    with use(residents, seconds=60):
        residents.unload(NAME)
        with use(residents, seconds=60):
            pass
    assert names(residents) == [NAME]


def test_without_a_stated_time_a_name_stays_for_five_minutes():
    residents = Residents()
    with use(residents, seconds=None):
        pass
    assert names(residents) == [NAME]
