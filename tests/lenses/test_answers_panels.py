"""Answers: one parcel for all panels, whose groups and numbers follow what the reader chooses."""

from __future__ import annotations

import math

import pytest

from backend.derived import number
from backend.errors import InputError
from backend.lenses import LENSES
from backend.lenses.write._answer_measures import MEASURES
from tests.lenses.runs import run_of
from tests.lenses.unpacked import unpacked

LENS = LENSES["answers"]


def parcel(mode="cards", **parameters):
    header, _ = unpacked(LENS.panel(mode).parcel(run_of("answers", "shipped"), parameters))
    return header


def value(header, name):
    return next(each["value"] for each in header["measures"] if each["name"] == name)


def test_every_measure_is_in_the_table_with_what_it_needs_and_costs():
    rows = parcel()["measures"]
    assert [each["name"] for each in rows] == [each.name for each in MEASURES]
    assert all(each["needs"] and each["cost"] for each in rows)
    assert all(math.isfinite(each["value"]) for each in rows)


def test_groups_by_hand_change_every_number_of_groups_and_no_other():
    before, run = parcel(), run_of("answers", "shipped")
    one = parcel(groups=",".join("0" * run.request.answers))
    for name in ("semantic_entropy", "nature", "outside_largest", "corrected"):
        assert value(one, name) == pytest.approx(0, abs=1e-12)
        assert value(before, name) > 0
    assert value(one, "meanings") == 1
    for name in ("eigv", "predictive", "token_entropy", "text_entropy", "vendi"):
        assert value(one, name) == value(before, name)
    assert one["by_hand"]
    assert {each["joined"] for each in one["pairs"]} == {True}


def test_meaning_and_wording_add_up_to_the_entropy_between_texts():
    own = parcel(rule="exact")
    assert own["unsure"]["semantic_entropy"]["value"] == own["unsure"]["text_entropy"]["value"]
    coarse = parcel(rule="normalised")["unsure"]
    assert coarse["semantic_entropy"]["value"] < coarse["text_entropy"]["value"]


def test_a_higher_threshold_never_joins_more():
    found = [len(set(parcel(rule="cosine", threshold=f"{t / 10}")["groups"])) for t in range(11)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_duplicates_counted_again_lower_kuhns_form():
    once, again = parcel(), parcel(duplicates="1")
    assert value(again, "kuhn") < value(once, "kuhn_unique")


def test_another_temperature_has_its_own_answers():
    run = run_of("answers", "shipped")
    second = parcel(temperature="0.7")
    assert [each["text"] for each in second["answers"]] == run.texts[1]
    semantic = number(run, "semantic_entropy").values
    assert value(second, "semantic_entropy") == pytest.approx(float(semantic[1]), rel=1e-6)


REFUSED = [
    ({"rule": "magic"}, "rule is one of"),
    ({"threshold": "2"}, "from 0 to 1"),
    ({"groups": "0,x"}, "whole numbers with commas"),
    ({"groups": "0,1"}, "groups were given for 2"),
    ({"temperature": "hot"}, "temperature is a number"),
    ({"colour": "red"}, "There is no parameter"),
]


@pytest.mark.parametrize(("parameters", "says"), REFUSED)
def test_what_an_address_says_wrongly_is_answered_by_one_line(parameters, says):
    with pytest.raises(InputError, match=says):
        parcel(**parameters)


def test_fewer_answers_have_less_entropy_on_average():
    spec = LENS.panel("over_numbers").chart(run_of("answers", "shipped"), "nats")
    rows = [each for each in spec["datasets"]["points"] if each["line"] == "semantic entropy"]
    values = [each["value"] for each in rows]
    assert values[0] == 0
    assert values == sorted(values)
