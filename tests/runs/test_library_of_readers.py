"""One library, many readers: what each has, shares and may change."""

from __future__ import annotations

import re
import sqlite3

import pytest

from backend.errors import InputError, OverBudgetError, RunFileError
from backend.storage.library import Library
from backend.storage.view import EVERYONE, UNOWNED, View
from tests.runs.makers import text_run


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "runs")


@pytest.fixture
def readers(library):
    return [library.seen_by(View(each, (each, EVERYONE), (each,))) for each in ("ann", "ben")]


def titles(library):
    return [each.title for each in library.entries()]


def test_each_reader_has_a_library_of_their_own(readers):
    ann, ben = readers
    run_id = ann.save(text_run("A secret cat"), title="Hers", tags=["zoo"])
    assert titles(ann) == ["Hers"]
    assert titles(ben) == []
    assert ben.tags() == []
    assert ben.entries("cat") == []
    assert ben.find(run_id) is None
    for act in (ben.load, ben.file, ben.share):
        with pytest.raises(RunFileError):
            act(run_id)


def test_what_others_change_or_throw_away_stays_as_it_was(readers):
    ann, ben = readers
    run_id = ann.save(text_run(), title="Hers")
    ben.rename(run_id, "His")
    ben.delete([run_id])
    assert titles(ann) == ["Hers"]


def test_one_run_saved_by_two_is_each_one_s_own(readers, library):
    ann, ben = readers
    run = text_run()
    assert ann.save(run, title="Hers") == ben.save(run, title="His")
    ann.delete([ann.entries()[0].id])
    assert titles(ann) == []
    assert titles(ben) == ["His"]
    assert len(library.entries()) == 1


def test_the_file_of_a_run_goes_when_the_last_reader_has_let_it_go(readers, library, tmp_path):
    ann, ben = readers
    run_id = ann.save(text_run())
    ben.save(text_run())
    path = library.file(run_id)
    for each, there in ((ann, True), (ben, False)):
        each.delete([run_id])
        with sqlite3.connect(tmp_path / "runs" / "library.db") as index:
            index.execute("update run set deleted = '2000-01-01' where deleted is not null")
        Library(tmp_path / "runs")
        assert path.exists() == there


def test_what_is_for_everyone_can_be_opened_by_all_and_changed_by_none_of_them(readers, library):
    ann, ben = readers
    run_id = ann.for_everyone().save(text_run(title="For all"))
    assert titles(ben) == ["For all"]
    with pytest.raises(InputError, match="only whoever shared it"):
        ben.rename(run_id, "Mine")
    with pytest.raises(InputError, match="only whoever shared it"):
        ben.delete([run_id])


def test_runs_of_an_older_index_have_no_owner(tmp_path):
    old = Library(tmp_path / "runs")
    old.save(text_run(), title="Old", tags=["zoo"])
    with sqlite3.connect(tmp_path / "runs" / "library.db") as index:
        index.execute("create table new as select * from run")
        index.execute("drop table run")
        index.execute("alter table new rename to run")
        index.execute("alter table run drop column owner")
        index.execute("pragma user_version=2")
    library = Library(tmp_path / "runs")
    assert [(each.title, each.tags) for each in library.entries()] == [("Old", ("zoo",))]
    assert titles(library.seen_by(View("ann", ("ann",), ("ann",)))) == []
    assert titles(library.seen_by(View("ann", ("ann", UNOWNED), ("ann",)))) == ["Old"]


def test_a_day_s_bytes_have_an_end_that_is_told_with_both_numbers(library):
    size = library.entries()[0].size if library.save(text_run(seed=9)) else 0
    ann = library.seen_by(View("ann", ("ann",), ("ann",), bytes_a_day=2 * size + 100))
    first = ann.save(text_run(seed=1))
    ann.save(text_run(seed=2))
    ann.save(text_run(seed=2))  # here already: costs nothing
    ann.delete([first])  # the trash counts
    with pytest.raises(OverBudgetError) as refused:
        ann.save(text_run(seed=3))
    assert len(re.findall(r"[\d,]+ bytes|[\d,]+ may be", str(refused.value))) == 3
    assert len(ann.entries()) == 1


def test_a_yesterday_s_bytes_are_not_counted(library, tmp_path):
    ann = library.seen_by(View("ann", ("ann",), ("ann",), bytes_a_day=20_000))
    while True:
        try:
            ann.save(text_run(seed=len(ann.entries())))
        except OverBudgetError:
            break
    with sqlite3.connect(tmp_path / "runs" / "library.db") as index:
        index.execute("update run set saved = '2000-01-01'")
    ann.save(text_run(seed=1000))


def test_a_run_is_shared_by_a_random_handle_until_that_is_taken_back(readers):
    ann, ben = readers
    run_id = ann.save(text_run(), title="Hers")
    handle = ann.share(run_id)
    assert re.fullmatch("[0-9a-f]{32}", handle)
    assert ann.share(run_id) == handle
    assert ann.shares() == {run_id: handle}
    assert ben.shares() == {}
    path, title = ben.shared(handle)
    assert (path, title) == (ann.file(run_id), "Hers")
    ben.unshare([run_id])
    assert ben.shared(handle) is not None
    ann.unshare([run_id])
    assert ben.shared(handle) is None
    assert ann.share(run_id) != handle


def test_a_run_in_the_trash_is_shared_no_longer(readers):
    ann, ben = readers
    run_id = ann.save(text_run())
    handle = ann.share(run_id)
    ann.delete([run_id])
    assert ben.shared(handle) is None
    ann.restore([run_id])
    assert ben.shared(handle) is not None


def test_a_reader_who_leaves_leaves_nothing_but_the_trash(readers):
    ann, ben = readers
    handle = ann.share(ann.save(text_run(), title="Hers"))
    ben.save(text_run(seed=1), title="His")
    ann.delete_all()
    assert titles(ann) == []
    assert titles(ben) == ["His"]
    assert ben.shared(handle) is None
