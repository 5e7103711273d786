"""What Ctrl+K finds: examples and papers, and how each is opened."""

from __future__ import annotations

import json

from backend import papers
from backend.lenses import LENSES
from backend.web.index import everything

ENTRIES = json.loads(json.dumps(everything()))["entries"]


def opened(group: str) -> list[dict]:
    return [each["open"] for each in ENTRIES if each["group"] == group]


def test_every_example_of_every_lens_is_opened_by_the_server():
    found = {(each["kind"], each["ask"]["example"]) for each in opened("Example")}
    assert found == {(kind, each.name) for kind in LENSES for each in LENSES[kind].examples}


def test_every_paper_is_found_and_leads_to_what_a_lens_shows_of_it():
    titles = {each["title"] for each in ENTRIES if each["group"] == "Paper"}
    assert titles == {each.title for each in papers.entries()}
    shown = {lens.file for lens, _ in papers.declared()}
    assert {each["look"].split("?")[0] for each in opened("Paper")} <= {*shown, "papers"}


def test_a_paper_without_a_lens_says_so():
    shown = {paper.number for _, paper in papers.declared()}
    missing = {each.title for each in papers.entries() if each.number not in shown}
    said = {each["title"] for each in ENTRIES if each["note"].startswith("not seen here yet")}
    assert said == missing
