"""The pages of Learn that the frame draws itself, without a browser."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("page", ["learn/lessons", "learn/papers"])
def test_a_page_that_the_frame_draws_has_no_widget_of_its_own_and_no_error(app, page):
    at = app(page)
    assert not at.error
    assert not at.button
