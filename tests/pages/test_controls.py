"""Controls of a page whose values ride in the address."""

from __future__ import annotations

import math

import pytest
from streamlit.testing.v1 import AppTest

from components import checks
from components.controls import as_text

TABS = "compare.tab"


def shown(at: AppTest) -> str:
    return next(each.value for each in at.segmented_control if each.label == "Charts")


def test_a_link_restores_a_control(app):
    at = app("compare", **{TABS: "table"})
    assert shown(at) == "table"
    assert at.query_params[TABS] == "table"


def test_a_choice_is_written_to_the_address_and_the_default_is_left_out(app):
    at = app("compare")
    assert TABS not in at.query_params
    control = next(each for each in at.segmented_control if each.label == "Charts")
    control.set_value("against").run()
    assert at.query_params[TABS] == "against"
    control = next(each for each in at.segmented_control if each.label == "Charts")
    control.set_value("curves").run()
    assert TABS not in at.query_params


def test_a_choice_survives_a_visit_to_another_page_whose_address_does_not_carry_it(app):
    at = app("compare", **{TABS: "table"})
    at.switch_page("pages/library.py").run()
    assert TABS not in at.query_params
    at.switch_page("pages/compare.py").run()
    assert shown(at) == "table"
    assert at.query_params[TABS] == "table"


@pytest.mark.parametrize("value", ["<script>", "", "no such tab", "x" * 5000])
def test_a_bad_value_is_dropped_and_the_default_holds(app, value):
    at = app("compare", **{TABS: value})
    assert shown(at) == "curves"
    assert TABS not in at.query_params


def test_a_value_of_no_use_is_told(app):
    at = app("compare", **{TABS: "nonsense"})
    assert any("compare" in each.value and "link" in each.value for each in at.toast)


def test_names_that_no_control_has_leave_the_address(app):
    at = app("compare", **{"compare.nonsense": "1", "tokens.tab": "table", "evil": "x"})
    assert set(at.query_params) == set()


def test_a_number_within_its_range_is_read():
    assert checks.whole(1, 32)("5") == 5
    assert checks.number(0.0, 1.0)("0.25") == 0.25
    assert checks.several(checks.whole(0, 9), 2, 2)("3,7") == (3, 7)


@pytest.mark.parametrize("text", ["", "0", "33", "five", "1e1", "٥", "5.0"])
def test_anything_else_is_no_whole_number(text):
    with pytest.raises(ValueError, match="whole number from 1 to 32"):
        checks.whole(1, 32)(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1,0", "0x1", " 1"])
def test_anything_else_is_no_number(text):
    with pytest.raises(ValueError, match="number from"):
        checks.number(0.0, 2.0)(text)


@pytest.mark.parametrize("value", [0.1, 1e-7, math.pi, 123456.0])
def test_a_number_is_read_as_it_was_written(value):
    assert checks.number(0, 1e6)(as_text(value)) == value


@pytest.mark.parametrize("value", [True, False])
def test_a_switch_is_read_as_it_was_written(value):
    assert checks.switch(as_text(value)) is value
