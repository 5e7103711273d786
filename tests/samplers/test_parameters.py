"""Parameters: declared once, refused with the allowed range."""

from __future__ import annotations

import pytest

from backend import samplers
from backend.errors import InputError
from backend.samplers import SAMPLERS
from backend.samplers.parameters import Number

HOUSE_NAMES = {
    *("greedy", "temperature", "top_k", "top_p", "min_p", "typical", "epsilon", "eta"),
    *("top_n_sigma", "tail_free", "mirostat_v1", "mirostat_v2", "top_h", "entropix"),
}
NUMBERS = [
    (name, each)
    for name in samplers.names()
    for each in SAMPLERS[name].parameters
    if isinstance(each, Number)
]


def test_all_fourteen_are_there():
    assert set(samplers.names()) == HOUSE_NAMES


@pytest.mark.parametrize("name", samplers.names())
def test_each_says_what_a_page_needs(name):
    kind = SAMPLERS[name]
    assert kind.label
    assert kind.formula
    assert kind.source
    assert len(kind.explanation) > 40
    assert kind.group in ("basic", "truncation", "entropy-aware", "feedback")
    assert "temperature" in [each.name for each in kind.parameters]


@pytest.mark.parametrize(
    ("name", "parameter"), NUMBERS, ids=lambda each: getattr(each, "name", each)
)
def test_values_outside_the_range_are_refused_with_the_range(name, parameter):
    beyond = [parameter.low - 1, parameter.high + 1]
    beyond += [parameter.low] * parameter.open_low + [parameter.high] * parameter.open_high
    for value in beyond:
        with pytest.raises(InputError, match=rf"{parameter.name} must be .*{parameter.high:,.9g}"):
            samplers.make(name, **{parameter.name: value})


@pytest.mark.parametrize(
    ("name", "parameter"), NUMBERS, ids=lambda each: getattr(each, "name", each)
)
def test_sliders_offer_only_what_is_allowed(name, parameter):
    for end in parameter.usual or (parameter.low, parameter.high):
        samplers.make(name, **{parameter.name: end})


def test_unknown_names_are_refused_with_help():
    with pytest.raises(InputError, match="Did you mean 'top_h'"):
        samplers.make("top_hh")
    with pytest.raises(InputError, match=r"has no parameter 'q'\. It has: p, temperature"):
        samplers.make("top_p", q=0.5)


@pytest.mark.parametrize("value", ["0.5", None, True, float("nan"), float("inf")])
def test_what_is_no_number_in_range_is_refused(value):
    with pytest.raises(InputError):
        samplers.make("top_p", p=value)


def test_whole_numbers_are_whole():
    with pytest.raises(InputError, match="a whole number"):
        samplers.make("top_k", k=2.5)


def test_the_first_parameter_has_short_ways_to_be_given():
    expected = samplers.make("top_k", k=7).values
    assert samplers.make("top_k", 7).values == expected
    assert samplers.make("top_k", top_k=7).values == expected
    assert samplers.make("typical", typical_p=0.3).values["mass"] == 0.3
    with pytest.raises(InputError, match="twice"):
        samplers.make("top_k", k=7, top_k=8)


def test_options_are_listed_when_one_is_unknown():
    with pytest.raises(InputError, match="rule must be one of paper, author, transformers"):
        samplers.make("top_h", rule="mine")
