"""What the first picture needs is fetched in one go."""

from __future__ import annotations

import posixpath
import re

from components.frame import BROWSER, first_modules

MADE = {"colours.js"}  # by the server


def imports(path: str) -> set[str]:
    """Return what a module imports when it is loaded, by path."""
    text = (BROWSER / path).read_text("utf-8")
    named = re.findall(r"^(?:import|export) [^;]*?from \"(\.[^\"]+)\"", text, re.MULTILINE)
    return {posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in named}


def test_all_that_frame_text_and_inspector_import_is_named():
    known, todo = set(), {"frame.js", "views/strip.js", "views/expected.js"}
    while todo:
        known |= todo
        todo = {each for path in todo - MADE for each in imports(path)} - known
    assert known <= set(first_modules())


def test_nothing_is_named_that_is_not_there():
    missing = [each for each in first_modules() if not (BROWSER / each).is_file()]
    assert set(missing) == MADE
