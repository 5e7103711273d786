"""Which modules of the browser a page's first picture needs, so that they come in one go."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from .menu import Page

BROWSER = Path(__file__).with_name("browser")
_IMPORT = re.compile(r"^(?:import|export) [^;]*?from \"(\.[^\"]+)\"", re.MULTILINE)
_OPENING = ("strip", "expected")
"""What the front page shows of Tokens; as in ``browser/panels.js``."""


def modules_of(page: Page) -> list[str]:
    """Return the paths, in the assets, of all that a page loads before its first picture."""
    return _with_imports(("frame.js", *_own(page)))


def _own(page: Page) -> Iterable[str]:
    if page.lens is not None:
        panels = [each.module for each in page.lens.panels]
        if page.view:
            panels = ["strip", page.view]
        elif page.opening:
            panels = [each for each in panels if each in _OPENING]
        yield from (f"views/{each}.js" for each in panels)
    if page.module:
        yield f"pages/{page.module}.js"


@cache
def _with_imports(paths: tuple[str, ...]) -> list[str]:
    found: dict[str, None] = {}  # in order
    waiting = list(paths)
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = None
            waiting += _imports(path)
    return list(found)


@cache
def _imports(path: str) -> list[str]:
    """Return what a module imports when it is loaded; what the server makes imports nothing."""
    file = BROWSER / path
    said = _IMPORT.findall(file.read_text("utf-8")) if file.is_file() else []
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in said]
