import pytest

from llmconfig.values.places import PLACE_BYTES, RowVersion, place_cut, row_of
from llmconfig.values.texts import json_size


def test_a_row_is_named_with_its_version_and_found_again():
    assert RowVersion(12, 3).place == "preference 12 v3"
    assert row_of("preference 12 v3") == RowVersion(12, 3)


@pytest.mark.parametrize("place", ["built-in", "llm.yaml:3", "preference 1", "preference x v1", ""])
def test_other_places_are_no_rows(place):
    assert row_of(place) is None


def test_the_longest_name_of_a_row_is_not_cut():
    place = RowVersion(2**63 - 1, 2**31 - 1).place
    assert place_cut(place) == place


@pytest.mark.parametrize("letter", ["a", "é", "語", "😀", '"', "\\"])
def test_a_long_place_keeps_its_end_where_file_and_line_stand(letter):
    cut = place_cut(f"/{letter * 200}/llm.yaml:7")
    assert json_size(cut) <= PLACE_BYTES + 2
    assert cut.startswith("...")
    assert cut.endswith("/llm.yaml:7")
