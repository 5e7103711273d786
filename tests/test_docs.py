"""The documentation tells the truth about names, settings, files and commands."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

from backend.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
HOSTING = (ROOT / "docs" / "hosting.md").read_text("utf-8")


def identify(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_listed_with_its_default_and_meaning(name):
    row = re.search(
        rf"^\| `ENTROSCOPE_{name.upper()}` \| (.*?) \| (.*?) \|$", HOSTING, re.MULTILINE
    )
    assert row is not None
    field = Settings.model_fields[name]
    if field.default_factory is None:  # folders differ from machine to machine
        assert row[1] == json.dumps(field.default)
    assert row[2] == field.description


def test_no_setting_is_described_that_does_not_exist():
    named = set(re.findall(r"ENTROSCOPE_([A-Z_]+)", HOSTING))
    assert named == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_commands_named_in_the_documentation_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE))
    assert named - targets == set()


def test_the_tree_in_the_contribution_guide_names_every_room_of_the_backend():
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rooms = {path.parent.name for path in (ROOT / "backend").glob("*/__init__.py")}
    assert {room for room in rooms if f"`backend/{room}/`" not in guide} == set()


def test_the_tree_in_the_contribution_guide_is_the_tree_on_disk():
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    block = re.search(r"```\w*\n(app\.py .*?)```", guide, re.DOTALL)
    assert block is not None, "the guide shows the tree in a code block that begins with app.py"
    named = re.findall(r"^([\w./-]+)", block[1], re.MULTILINE)
    assert [name for name in named if not (ROOT / name).exists()] == []
    tracked = subprocess.run(
        ["git", "ls-files", "*/*"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    folders = {path.split("/")[0] for path in tracked if not path.startswith(".")}
    assert folders - {name.split("/")[0] for name in named} == set()


def test_the_pages_of_measures_and_papers_are_what_the_declarations_say():
    path = ROOT / "scripts" / "make_docs.py"
    spec = importlib.util.spec_from_file_location("make_docs", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (ROOT / "docs" / "measures.md").read_text("utf-8")
    assert script.written(page) == page, "docs/measures.md is stale: run make docs"
    papers = (ROOT / "docs" / "papers.md").read_text("utf-8")
    assert script.papers_page() == papers, "docs/papers.md is stale: run make docs"
