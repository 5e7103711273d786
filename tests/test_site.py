"""The documentation site: it builds, its links lead somewhere, nothing comes from afar."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from backend.lenses import LENSES

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.places |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        loaded = given.get("src") or (given.get("href") if tag == "link" else None)
        if loaded:
            self.loads.append(loaded)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the site, built with every warning an error."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=ROOT, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return {path: Page(path.read_text("utf-8")) for path in folder.rglob("*.html")}


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site):
    wrong = []
    for path, page in site.items():
        for link in [*page.links, *page.loads]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            known = site.get(target)
            place = unquote(parts.fragment)
            if not target.exists() or (place and known and place not in known.places):
                wrong.append(f"{path.name}: {link}")
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site):
    loads = [each for page in site.values() for each in page.loads]
    assert [each for each in loads if urlsplit(each).netloc] == []


@pytest.mark.parametrize("kind", LENSES)
def test_every_lens_has_a_page_with_its_picture(site, kind):
    (path,) = [
        each for each in site if each.as_posix().endswith(f"lenses/{LENSES[kind].file}.html")
    ]
    assert f"{LENSES[kind].file}.svg" in site[path].loads
    picture = path.with_suffix(".svg").read_text("utf-8")
    assert picture.startswith("<svg")
    assert len(picture) > 2_000


def test_formulas_are_drawn_by_the_browser(site):
    (measures,) = [page for path, page in site.items() if path.name == "measures.html"]
    assert measures.tags.count("math") > 100
