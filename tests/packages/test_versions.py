"""One version, wherever it is written."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from backend.version import VERSION

ROOT = Path(__file__).parents[2]


def test_changes_and_citation_name_the_version_of_the_code():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (?:Unreleased \()?([\d.]+)", changes, re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_a_release_is_tagged_with_the_version_of_its_code():
    tags = subprocess.run(
        ["git", "tag", "--points-at", "HEAD", "--list", "v*"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert set(tags) <= {f"v{VERSION}"}
