"""The registry: unique names, order kept, errors that help."""

import pytest

from backend.errors import InputError
from backend.registry import Registry


@pytest.fixture
def shapes():
    registry = Registry("shape")
    registry.register("circle")("a circle")
    registry.register("square")("a square")
    return registry


def test_looks_up_and_lists_in_order_of_registration(shapes):
    assert shapes["square"] == "a square"
    assert list(shapes) == ["circle", "square"]
    assert len(shapes) == 2
    assert "circle" in shapes


def test_refuses_a_second_part_of_the_same_name(shapes):
    with pytest.raises(ValueError, match="'circle' is registered twice"):
        shapes.register("circle")("another")


def test_an_unknown_name_suggests_the_nearest_and_lists_the_known(shapes):
    with pytest.raises(InputError, match=r"Did you mean 'square'\? Known: circle, square\."):
        shapes["squre"]


def test_an_unknown_name_with_no_near_match_lists_the_known(shapes):
    with pytest.raises(InputError, match=r"named 'zzz'\. Known: circle"):
        shapes["zzz"]
