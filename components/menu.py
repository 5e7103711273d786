"""The menu: the folders of pages/, with titles and order from the lenses."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from backend.lenses import GROUPS, LENSES, Lens

FOLDER = Path(__file__).parents[1] / "pages"
_SAID = ("PLACE", "FRONT", "FORMERLY", "LENS", "VIEW", "MODULE")
"""Constants of a page's file that say what it is; read without running it."""


@dataclass(frozen=True)
class Page:
    """One page: ``pages/<group>/<name>.py`` under the address ``/<name>``.

    Attributes:
        lens: that it shows; None for a page of its own.
        formerly: older addresses that still lead here.
        front: whether it is the front page, whose address is empty.
        opening: whether it shows its lens with nothing but a box for a text.
        view: the module that it shows beside the text of its lens, in place of all other panels.
        module: that draws a page of its own, a file of components/browser/pages.
    """

    group: str
    name: str
    title: str
    summary: str
    place: int
    lens: Lens | None = None
    formerly: tuple[str, ...] = ()
    front: bool = False
    opening: bool = False
    view: str = ""
    module: str = ""

    @property
    def path(self) -> str:
        """The address below that of the app."""
        return "" if self.front else self.name

    @property
    def file(self) -> str:
        """Its script, seen from the main script."""
        return f"../pages/{self.group}/{self.name}.py"


@cache
def pages() -> Mapping[str, Sequence[Page]]:
    """Return the pages of every group that has some, in the order of its tabs."""
    lenses = {(LENSES[kind].group, LENSES[kind].file): LENSES[kind] for kind in LENSES}
    found = {}
    for group in GROUPS:
        files = sorted((FOLDER / group).glob("*.py"))
        own = [_page(group, each, lenses.get((group, each.stem))) for each in files]
        if own:
            found[group] = sorted(own, key=lambda each: (each.place, each.title))
    return found


def all_pages() -> list[Page]:
    """Return all pages, the front page first."""
    return sorted(
        (each for own in pages().values() for each in own), key=lambda each: not each.front
    )


def page_of(kind: str) -> Page:
    """Return the page of a lens.

    Raises:
        KeyError: the lens has no page.
    """
    for each in all_pages():
        if each.lens is not None and each.lens.kind == kind and not (each.opening or each.view):
            return each
    raise KeyError(kind)


def streamlit_pages() -> dict[str, list[st.Page]]:
    """Return what ``st.navigation`` takes; older addresses are pages that no menu shows."""
    return {group: [made for page in own for made in _made(page)] for group, own in pages().items()}


def _made(page: Page) -> list[st.Page]:
    main = st.Page(page.file, title=page.title, url_path=page.name, default=page.front)
    older = [
        st.Page(page.file, title=page.title, url_path=each, visibility="hidden")
        for each in page.formerly
    ]
    return [main, *older]


def _page(group: str, file: Path, lens: Lens | None) -> Page:
    if lens is not None:
        return Page(group, file.stem, lens.title, lens.summary, lens.place, lens, lens.formerly)
    tree = ast.parse(file.read_text("utf-8"))
    summary = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
    title, _, rest = summary.partition(": ")
    said = {
        target.id: ast.literal_eval(each.value)
        for each in tree.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name) and target.id in _SAID
    }
    return Page(
        group,
        file.stem,
        title,
        rest,
        said.get("PLACE", 50),
        lens=LENSES[said["LENS"]] if "LENS" in said else None,
        formerly=said.get("FORMERLY", ()),
        front=said.get("FRONT", False),
        opening="LENS" in said and "VIEW" not in said,
        view=said.get("VIEW", ""),
        module=said.get("MODULE", ""),
    )


def page_named(said: object) -> Page | None:
    """Return the page that the browser calls "group/name"."""
    return next((each for each in all_pages() if f"{each.group}/{each.name}" == said), None)
