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
