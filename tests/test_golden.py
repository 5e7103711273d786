"""Every run that shipped with the first house opens and reads the same.

``golden/examples.json`` was written by that version: digests of the exports of every shipped run,
its key, its content and its link.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from backend.storage import csv_file, permalink
from backend.storage.csv_file import table_csv
from backend.storage.files import content_id, load_run
from backend.storage.plain import to_plain

ROOT = Path(__file__).parents[1]
GOLDEN = json.loads((ROOT / "tests" / "golden" / "examples.json").read_text("utf-8"))
NAMES = pytest.mark.parametrize("name", GOLDEN)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def opened(name: str):
    return load_run(ROOT / "examples" / name)


def test_all_of_them_are_still_shipped():
    here = {
        path.relative_to(ROOT / "examples").as_posix()
        for path in (ROOT / "examples").rglob("*.safetensors")
    }
    assert set(GOLDEN) - here == set()
    assert len(GOLDEN) == 25


@NAMES
def test_a_file_opens_with_its_kind_title_key_and_content(name):
    run = opened(name)
    told = {
        "kind": run.kind, "title": run.title, "key": run.request.key, "content": content_id(run),
    }  # fmt: skip
    assert told == {each: GOLDEN[name][each] for each in told}


@NAMES
def test_its_tables_are_the_same_letter_by_letter(name, monkeypatch):
    # That version wrote no apostrophe in front of what a spreadsheet takes for a formula.
    monkeypatch.setattr(csv_file, "_FORMULA", re.compile("(?!)"))
    tables = {table: digest(table_csv(rows)) for table, rows in opened(name).tables().items()}
    assert tables == GOLDEN[name]["csv"]


@NAMES
def test_its_json_is_the_same_letter_by_letter(name):
    assert digest(json.dumps(to_plain(opened(name)), sort_keys=True)) == GOLDEN[name]["json"]


@NAMES
def test_its_link_asks_for_the_same(name):
    link = GOLDEN[name]["link"]
    if link is None:  # too long for an address
        assert permalink.encode(permalink.exact_request(opened(name))) is None
        return
    assert permalink.decode(link) == permalink.exact_request(opened(name))
