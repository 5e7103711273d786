"""Disks that are full or may only be read: what is there is shown, saving says why it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import backend
from backend.errors import LibraryError
from backend.lessons.own import OwnLessons
from backend.settings import settings
from backend.storage.library import Library
from components.menu import all_pages
from tests.runs.makers import text_run

ROOT = Path(__file__).parents[2]

ALL_PAGES = """
import json, os, resource, sys
from streamlit.testing.v1 import AppTest
from backend import cached
from components.menu import all_pages
from tests.runs.makers import text_run
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # not one byte may be written to any file
at = AppTest.from_file(os.path.abspath("components/shell.py"), default_timeout=60)
at.run()
found = {}
for page in all_pages():
    at.switch_page(page.file).run()
    found[page.name] = {
        "faults": [each.value for each in at.exception],
        "errors": [each.value for each in at.error],
        "warnings": [each.value for each in at.warning],
        "cards": [each.label for each in at.button if (each.key or "").startswith("open-")],
    }
try:
    cached.library().save(text_run(seed=2))
    found["save"] = "saved"
except Exception as error:
    found["save"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


def visit_all_pages(folder: Path) -> dict:
    """Return what every page shows in a process that may not write."""
    places = {"DATA_DIR": folder / "data", "CACHE_DIR": folder / "cache"}
    own = {f"ENTROSCOPE_{name}": str(path) for name, path in places.items()}
    done = subprocess.run(
        [sys.executable, "-c", ALL_PAGES],
        cwd=ROOT,
        env=os.environ | own | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_page_works_where_nothing_can_be_written_and_saving_says_why(tmp_path):
    Library(tmp_path / "data" / "runs").save(text_run(title="Kept"))
    found = visit_all_pages(tmp_path)
    saved = found.pop("save")
    assert set(found) == {page.name for page in all_pages()}
    assert {name: each for name, each in found.items() if each["faults"] or each["errors"]} == {}
    assert found["library"]["cards"] == ["Kept"]
    assert "may only be read now" in found["library"]["warnings"][0]
    assert saved.startswith("LibraryError: The library cannot be used now: ")


def test_every_page_works_where_there_is_not_even_a_folder(tmp_path):
    (tmp_path / "data").write_text("a file stands in the folder's place")
    found = visit_all_pages(tmp_path)
    assert found.pop("save").startswith("LibraryError: The library cannot be used now: ")
    assert {name for name, each in found.items() if each["errors"]} == {"library"}
    assert not any(each["faults"] for each in found.values())


def test_a_disk_that_becomes_full_keeps_showing_its_runs_and_takes_new_ones_once_it_can(small_disk):
    disk = small_disk(300_000)
    library = Library(disk.folder / "runs")
    run_id = library.save(text_run(title="Kept"))
    disk.fill()
    assert [each.title for each in library.entries()] == ["Kept"]
    assert library.load(run_id).title == "Kept"
    for change in (
        lambda: library.save(text_run(seed=2)),
        lambda: library.delete([run_id]),
        lambda: library.rename(run_id, "Other"),
        lambda: Library(disk.folder / "others"),
    ):
        with pytest.raises(
            LibraryError, match=r"cannot be used now: the disk is full\. Everything"
        ):
            change()
    assert [each.title for each in Library(disk.folder / "runs").entries()] == ["Kept"]
    disk.clear()
    library.save(text_run(seed=2, title="New"))
    assert [each.title for each in library.entries()] == ["New", "Kept"]
    assert not list((disk.folder / "runs").glob(".part-*"))


def test_a_disk_that_may_only_be_read_from_now_on_shows_its_runs(small_disk):
    disk = small_disk(300_000)
    library = Library(disk.folder)
    run_id = library.save(text_run(title="Kept"))
    disk.protect()
    assert [each.title for each in library.entries()] == ["Kept"]
    with pytest.raises(LibraryError, match=r"its folder may not be written|it may only be read"):
        library.save(text_run(seed=2))
    with pytest.raises(LibraryError):
        library.delete([run_id])
    assert library.load(run_id).title == "Kept"


def test_a_lesson_that_cannot_be_written_is_refused_in_one_line(small_disk):
    from backend.lessons import Lesson, Step

    disk = small_disk(100_000)
    lessons = OwnLessons(disk.folder / "lessons")
    lesson = Lesson("Mine", 12, "About.", (Step("One.", "tokens?example=text_fact"),))
    kept = lessons.create(lesson)
    disk.fill()
    with pytest.raises(LibraryError, match="cannot be saved now: No space left"):
        lessons.create(lesson)
    assert [each.id for each in lessons.entries()] == [kept.id]


@pytest.mark.parametrize("change", ["fill", "protect"])
def test_a_data_set_is_measured_where_its_progress_cannot_be_kept(
    small_disk, tiny_model, monkeypatch, change
):
    disk = small_disk(100_000)
    monkeypatch.setenv("ENTROSCOPE_DATA_DIR", str(disk.folder / "data"))
    settings.cache_clear()
    getattr(disk, change)()
    run = backend.study_dataset(tiny_model("llama"), texts=("One text.", "Another text."))
    assert (run.tokens > 1).all()
    monkeypatch.undo()
    settings.cache_clear()
