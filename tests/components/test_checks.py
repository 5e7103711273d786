"""What an address may say."""

import pytest

from components import checks

KEY = "kept-0123456789abcdef"


def test_keys_of_runs_are_joined_by_dots():
    assert checks.run_keys(f"{KEY}.0123456789abcdef") == f"{KEY}.0123456789abcdef"


@pytest.mark.parametrize("text", ["", "kept-", f"{KEY}.", f"{KEY},{KEY}", ".".join([KEY] * 61)])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="keys of runs"):
        checks.run_keys(text)


@pytest.mark.parametrize("text", ["3.5", "L3.H5", "03.5", "L3.H05"])
def test_a_head_is_kept_in_one_way_however_it_is_written(text):
    assert checks.head(text) == "3.5"


@pytest.mark.parametrize(
    "text", ["", "3", "3,5", "L3.5", "3.H5", "l3.h5", "L3H5", "3.55555", "٣.5"]
)
def test_what_names_no_head_is_refused(text):
    with pytest.raises(ValueError, match=r"such as 3\.5 or L3\.H5"):
        checks.head(text)
