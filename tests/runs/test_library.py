"""Saved runs are found, named, deleted and restored, whenever the process may be killed."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from backend.errors import InputError, LibraryError, RunFileError
from backend.storage.files import content_id, dump_run
from backend.storage.library import Library
from components import checks
from tests.runs.makers import dataset_run, text_run


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "runs")


def titles(library: Library, *arguments, **options) -> list[str]:
    return [each.title for each in library.entries(*arguments, **options)]


def test_a_saved_run_comes_back_number_for_number(library):
    run = text_run(title="First")
    back = library.load(library.save(run))
    np.testing.assert_array_equal(back.entropy, run.entropy)
    assert (back.title, back.request) == ("First", run.request)


def test_an_entry_tells_what_a_list_needs(library):
    run = text_run("Once upon\na time", title="Tale")
    run_id = library.save(run, tags=["story", " story ", "short"])
    (entry,) = library.entries()
    assert (entry.id, entry.title, entry.kind, entry.model) == (run_id, "Tale", "text", "Tiny")
    assert (entry.text, entry.tags) == ("Once upon a time", ("story", "short"))
    assert entry.size == library.file(run_id).stat().st_size
    assert entry.created == run.created


def test_saving_twice_keeps_one_run_and_its_title(library):
    run = text_run(title="First")
    library.rename(library.save(run), "Renamed")
    library.save(run)
    assert titles(library) == ["Renamed"]


def test_every_word_of_a_search_must_be_found_somewhere(library):
    library.save(text_run("A cat sat", seed=1, title="Animals"), tags=["zoo"])
    library.save(text_run("A car drove", seed=2, title="Traffic"))
    assert titles(library, "cat") == ["Animals"]
    assert titles(library, "ZOO animals") == ["Animals"]
    assert titles(library, "tiny a", sort="title", descending=False) == ["Animals", "Traffic"]
    assert titles(library, "cat traffic") == []


@pytest.mark.parametrize("search", ["%", "_", "\\", "'", '"; drop table run; --'])
def test_a_search_is_text_not_a_pattern(library, search):
    library.save(text_run("plain words", title="Plain"))
    assert titles(library, search) == []


def test_runs_are_sorted_by_any_column(library):
    library.save(text_run("b" * 90, seed=1, title="beta"))
    library.save(text_run("a", seed=2, title="Alpha"))
    assert titles(library, sort="title", descending=False) == ["Alpha", "beta"]
    assert titles(library, sort="size") == ["beta", "Alpha"]
    assert titles(library, sort="saved") == ["Alpha", "beta"]
    with pytest.raises(InputError, match="Sort by one of"):
        library.entries(sort="id; drop table run")


def test_a_run_is_shown_by_kind(library):
    library.save(text_run(title="Text"))
    assert titles(library, kind="text") == ["Text"]
    assert titles(library, kind="attention") == []


def test_a_deleted_run_can_be_restored(library):
    run_id = library.save(text_run(title="Gone"))
    library.delete([run_id])
    assert titles(library) == []
    with pytest.raises(RunFileError, match="may be deleted"):
        library.load(run_id)
    library.restore([run_id])
    assert titles(library) == ["Gone"]
    assert library.load(run_id).title == "Gone"


def test_saving_a_deleted_run_brings_it_back(library):
    run = text_run(title="Gone")
    library.delete([library.save(run)])
    library.save(run)
    assert titles(library) == ["Gone"]


def test_the_trash_is_emptied_after_30_days(tmp_path):
    library = Library(tmp_path)
    old, new = library.save(text_run(seed=1)), library.save(text_run(seed=2))
    library.delete([old, new])
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.execute("update run set deleted = '2020-01-01' where id = ?", [old])
    index.close()
    Library(tmp_path)
    assert [path.stem for path in tmp_path.glob("*.safetensors")] == [new]


def test_the_trash_is_emptied_while_the_server_runs(tmp_path, monkeypatch):
    library = Library(tmp_path)
    library.delete([library.save(text_run())])
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.execute("update run set deleted = '2020-01-01'")
    index.close()
    library.entries()
    assert list(tmp_path.glob("*.safetensors"))  # looked through a moment ago
    monkeypatch.setattr("backend.storage.library._TIDY", 0)
    library.entries()
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_trash_beyond_a_quarter_of_the_quota_loses_its_oldest_runs_first(tmp_path):
    size = len(dump_run(text_run()))
    library = Library(tmp_path, limit=12 * size)  # a trash of three
    ids = [library.save(text_run(seed=seed)) for seed in range(6)]
    library.delete(ids[:5])
    assert len(library.entries(deleted=True)) == 5  # Undo is for a while
    with sqlite3.connect(tmp_path / "library.db") as index:
        for place, each in enumerate(ids[:5]):
            when = (datetime.now(UTC) - timedelta(hours=9 - place)).isoformat()
            index.execute("update run set deleted = ? where id = ?", [when, each])
    index.close()
    library.delete([ids[5]])
    assert {each.id for each in library.entries(deleted=True)} == set(ids[3:])


def test_a_full_library_refuses_a_run_with_both_numbers_and_changes_nothing(tmp_path):
    size = len(dump_run(text_run()))
    library = Library(tmp_path, limit=5 * size // 2)
    ids = {library.save(text_run(seed=seed)) for seed in range(2)}
    with pytest.raises(LibraryError, match=r"it has 0\.0 MB, and the library holds 0\.0 MB of 0"):
        library.save(text_run(seed=2))
    assert {each.id for each in library.entries()} == ids
    assert {path.stem for path in tmp_path.glob("*.safetensors")} == ids
    assert library.save(text_run(seed=0)) in ids  # one that is here takes no more


def test_runs_in_the_trash_make_way_for_a_new_one_the_oldest_first(tmp_path):
    size = len(dump_run(text_run()))
    library = Library(tmp_path, limit=7 * size // 2)
    first, second, third = (library.save(text_run(seed=seed)) for seed in range(3))
    library.delete([second])
    library.delete([first])
    fourth = library.save(text_run(seed=3))
    assert {each.id for each in library.entries()} == {third, fourth}
    assert [each.id for each in library.entries(deleted=True)] == [first]


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "a/b", "", "0123456789abcdef"])
def test_an_id_that_is_not_here_is_refused(library, run_id):
    with pytest.raises(RunFileError):
        library.load(run_id)


def test_titles_and_tags_have_limits(library):
    run_id = library.save(text_run())
    with pytest.raises(InputError, match="at most 200"):
        library.rename(run_id, "x" * 201)
    with pytest.raises(InputError, match="at most 40"):
        library.tag(run_id, ["x" * 41])
    with pytest.raises(InputError, match="at most 20 tags"):
        library.tag(run_id, [str(each) for each in range(21)])


def test_a_file_without_an_entry_is_found_when_the_library_is_opened(tmp_path):
    text_run(title="Copied here").save(tmp_path / "from a friend.safetensors")
    library = Library(tmp_path)
    (entry,) = library.entries()
    assert (entry.title, entry.id) == ("Copied here", content_id(text_run()))
    assert library.load(entry.id).title == "Copied here"


def test_an_entry_without_a_file_is_forgotten(tmp_path):
    library = Library(tmp_path)
    library.file(library.save(text_run())).unlink()
    assert Library(tmp_path).entries() == []


def test_a_damaged_file_is_left_alone_and_not_listed(tmp_path):
    damaged = tmp_path / "0123456789abcdef.safetensors"
    damaged.write_bytes(b"nonsense")
    assert Library(tmp_path).entries() == []
    assert damaged.exists()


def test_a_broken_index_is_made_anew_from_the_files(tmp_path):
    Library(tmp_path).save(text_run(title="Kept"))
    for path in tmp_path.glob("library.db*"):
        path.write_bytes(b"not a database at all" * 100)
    assert titles(Library(tmp_path)) == ["Kept"]


@pytest.mark.parametrize("damage", [b"nonsense", None])
def test_saving_again_mends_a_damaged_file(library, damage):
    run = text_run(title="Mended")
    run_id = library.save(run)
    path = library.file(run_id)
    path.write_bytes(path.read_bytes()[:-9] if damage is None else damage)
    with pytest.raises(RunFileError, match="damaged"):
        library.load(run_id)
    assert library.save(run) == run_id
    np.testing.assert_array_equal(library.load(run_id).entropy, run.entropy)


@pytest.mark.parametrize("name", ["lecture3", "0123456789abcdeF", "from a friend"])
def test_a_file_under_another_name_gets_an_id_that_links_accept(tmp_path, name):
    text_run(title="Copied here").save(tmp_path / f"{name}.safetensors")
    library = Library(tmp_path)
    (entry,) = library.entries()
    assert entry.id == content_id(text_run())
    assert checks.run_key(f"saved-{entry.id}")
    assert [path.stem for path in tmp_path.glob("*.safetensors")] == [entry.id]
    assert titles(Library(tmp_path)) == ["Copied here"]


def test_an_index_of_a_newer_version_is_set_aside_and_not_changed(tmp_path):
    Library(tmp_path).save(text_run(title="Kept"))
    with sqlite3.connect(tmp_path / "library.db") as index:
        assert index.execute("pragma user_version").fetchone() == (3,)
        index.execute("pragma user_version=4")
    index.close()
    assert titles(Library(tmp_path)) == ["Kept"]
    (aside,) = tmp_path.glob("newer-*library.db")
    with sqlite3.connect(aside) as index:
        assert index.execute("pragma user_version").fetchone() == (4,)
    index.close()


def test_the_trash_is_not_emptied_of_what_another_process_restores_meanwhile(tmp_path):
    library = Library(tmp_path)
    run_id = library.save(text_run(title="Wanted"))
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.execute("update run set deleted = '2020-01-01'")
    index.close()
    # The other process holds the index while this one opens the library.
    other = sqlite3.connect(tmp_path / "library.db", isolation_level=None)
    other.execute("begin immediate")
    opening = threading.Thread(target=Library, args=(tmp_path,))
    opening.start()
    time.sleep(0.2)
    other.execute("update run set deleted = null")
    other.execute("commit")
    other.close()
    opening.join()
    assert library.load(run_id).title == "Wanted"


@pytest.mark.slow
def test_100_kills_while_saving_lose_nothing_that_was_reported_saved(tmp_path):
    """Forked from a process that has imported everything: a kill costs milliseconds."""
    reported: set[str] = set()
    for number in range(100):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover  runs in the child
            os.close(read)
            _save_until_killed(tmp_path, number, write)
        os.close(write)
        with os.fdopen(read) as lines:
            reported.add(lines.readline().strip())
            time.sleep((number % 10) / 1_000)
            os.kill(child, signal.SIGKILL)
            # The last line may be cut: then it was not reported.
            reported |= {line.strip() for line in lines if line.endswith("\n")}
        os.waitpid(child, 0)
    library = Library(tmp_path)
    listed = {entry.id for entry in library.entries()}
    assert reported <= listed
    assert len(reported) >= 100
    for run_id in list(listed)[::20]:
        assert content_id(library.load(run_id)) == run_id
    with sqlite3.connect(tmp_path / "library.db") as index:
        assert index.execute("pragma integrity_check").fetchone() == ("ok",)
    index.close()
    assert listed == {path.stem for path in tmp_path.glob("*.safetensors")}


def _save_until_killed(folder: Path, start: int, write: int) -> None:
    try:
        library, run = Library(folder), text_run()
        for number in range(10_000):
            run_id = library.save(replace(run, seconds=start + number / 10_000))
            os.write(write, f"{run_id}\n".encode())
    finally:
        os._exit(1)


def test_an_index_of_the_version_before_is_brought_up_to_date_with_its_titles(tmp_path):
    library = Library(tmp_path, lambda run: run.kind)
    run_id = library.save(text_run(), title="Kept", tags=["old"])
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.execute("alter table run drop column preview")
        index.execute("pragma user_version=1")
    index.close()
    again = Library(tmp_path, lambda run: run.kind)
    (entry,) = again.entries()
    assert (entry.title, entry.tags) == ("Kept", ("old",))
    assert again.previews([run_id]) == {run_id: "text"}


def test_a_picture_is_made_once_when_a_run_is_saved(tmp_path):
    made = []
    library = Library(tmp_path, lambda run: made.append(run) or "picture")
    run_id = library.save(text_run())
    assert library.previews([run_id, run_id]) == {run_id: "picture"}
    assert len(made) == 1


def test_a_search_looks_through_the_whole_text_and_all_texts_of_a_data_set(library):
    library.save(text_run("word " * 1_000 + "needle", title="Long"))
    library.save(replace(dataset_run(), title="Many"))
    assert titles(library, "needle") == ["Long"]
    assert titles(library, "two lines") == ["Many"]
    assert len(library.entries("needle")[0].text) == 200


def test_tags_are_listed_by_how_often_they_are_used_and_filter_the_list(library):
    first = library.save(text_run(seed=1, title="A"), tags=["b", "a"])
    library.save(text_run(seed=2, title="B"), tags=["b"])
    assert library.tags() == ["b", "a"]
    assert titles(library, tag="a") == ["A"]
    library.delete([first])
    assert library.tags() == ["b"]


def refusing(message: str):
    """Return a stand-in for ``sqlite3.connect`` on a folder whose index may only be read."""
    real = sqlite3.connect

    def connect(place, *arguments, **options):
        if "immutable" not in str(place):
            raise sqlite3.OperationalError(message)
        return real(place, *arguments, **options)

    return connect


def test_a_folder_that_may_only_be_read_shows_its_runs_and_says_so(tmp_path, monkeypatch):
    run_id = Library(tmp_path).save(text_run(title="Kept"))
    monkeypatch.setattr(sqlite3, "connect", refusing("attempt to write a readonly database"))
    library = Library(tmp_path)
    assert not library.writable
    assert titles(library) == ["Kept"]
    assert library.load(run_id).title == "Kept"
    assert library.previews([run_id]) == {run_id: ""}
    for change in (
        lambda: library.save(text_run(seed=9)),
        lambda: library.rename(run_id, "Other"),
        lambda: library.delete([run_id]),
    ):
        with pytest.raises(LibraryError, match="may only be read"):
            change()


def test_a_folder_that_can_be_written_again_is_used_again(tmp_path, monkeypatch):
    Library(tmp_path).save(text_run(title="Kept"))
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", refusing("unable to open database file"))
        library = Library(tmp_path)
    monkeypatch.setattr("backend.storage.library._TRY_AGAIN", 0)
    library.save(text_run(seed=2, title="New"))
    assert library.writable
    assert titles(library) == ["New", "Kept"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system"), "it may only be read"),
        (PermissionError(errno.EACCES, "Permission denied"), "its folder may not be written"),
    ],
)
def test_what_the_disk_refuses_is_one_clear_line(library, monkeypatch, error, reason):
    def refuse(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("backend.storage.library.write_atomically", refuse)
    with pytest.raises(LibraryError, match=f"cannot be used now: {reason}. Everything else works"):
        library.save(text_run())
    assert library.entries() == []


def test_a_library_whose_folder_is_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(LibraryError, match="cannot be used now"):
        Library(tmp_path / "runs")


def test_an_index_that_another_program_holds_is_named_as_such(tmp_path, monkeypatch):
    library = Library(tmp_path)
    monkeypatch.setattr("backend.storage.library_index._PATIENCE", 0.1)
    other = sqlite3.connect(tmp_path / "library.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(LibraryError, match="another program holds it"):
        library.save(text_run())
    other.close()


def test_five_hundred_runs_are_listed_and_searched_in_no_time(tmp_path):
    library = Library(tmp_path, lambda run: "picture")
    run_id = library.save(text_run("word " * 500))
    rows = [
        (f"{number:016x}", f"Run {number}", "text", "Tiny", f"word {number} " * 900, '["a"]',
         "2026", f"2026-{number:04d}", 10, "picture")
        for number in range(500)
    ]  # fmt: skip
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.executemany("insert into run values (?,?,?,?,?,?,?,?,?,null,?,'')", rows)
    index.close()
    begun = time.perf_counter()
    found = library.entries("word 499")
    library.previews([each.id for each in library.entries()[:24]])
    library.tags()
    assert time.perf_counter() - begun < 1
    assert "Run 499" in [each.title for each in found]
    assert run_id not in [each.id for each in found]
