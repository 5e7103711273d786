"""One folder of runs, several servers, and a clock that is set."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from datetime import datetime, timedelta
from pathlib import Path

from backend.storage import library as library_module
from backend.storage import library_space
from backend.storage.files import content_id
from backend.storage.library import Library
from tests.runs.makers import text_run
from tests.runs.test_library import _save_until_killed


class Earlier(datetime):
    """A clock that was set back by years."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(days=4_000)


EACH = 15  # runs of every server


def _serve(folder: Path, place: int, barrier) -> None:
    """Save, name, throw away and bring back runs, as one server of several does."""
    library = Library(folder)
    barrier.wait()
    for number in range(EACH):
        run_id = library.save(text_run(seed=1000 * place + number, title=f"{place}.{number}"))
        if number % 3 == 0:
            library.delete([run_id])
            library.restore([run_id])
        elif number % 3 == 1:
            library.rename(run_id, f"{place}.{number}!")


def test_two_servers_on_one_folder_lose_nothing_of_each_other(tmp_path):
    fresh = multiprocessing.get_context("spawn")
    barrier = fresh.Barrier(2)
    servers = [fresh.Process(target=_serve, args=(tmp_path, place, barrier)) for place in (0, 1)]
    for each in servers:
        each.start()
    for each in servers:
        each.join(120)
    assert [each.exitcode for each in servers] == [0, 0]
    entries = Library(tmp_path).entries()
    expected = {f"{place}.{n}{'!' * (n % 3 == 1)}" for place in (0, 1) for n in range(EACH)}
    assert {each.title for each in entries} == expected
    assert {path.stem for path in tmp_path.glob("*.safetensors")} == {each.id for each in entries}


def test_a_few_kills_while_saving_lose_nothing_that_was_reported_saved(tmp_path):
    """The 100 are in tests/runs/test_library.py."""
    reported: set[str] = set()
    for number in range(5):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover  runs in the child
            os.close(read)
            _save_until_killed(tmp_path, number, write)
        os.close(write)
        with os.fdopen(read) as lines:
            reported.add(lines.readline().strip())
            time.sleep(number / 1_000)
            os.kill(child, signal.SIGKILL)
            reported |= {line.strip() for line in lines if line.endswith("\n")}
        os.waitpid(child, 0)
    library = Library(tmp_path)
    assert reported <= {entry.id for entry in library.entries()}
    assert all(content_id(library.load(run_id)) == run_id for run_id in reported)
    with sqlite3.connect(tmp_path / "library.db") as index:
        assert index.execute("pragma integrity_check").fetchone() == ("ok",)
    index.close()


def test_a_clock_that_is_set_back_loses_nothing(tmp_path, monkeypatch):
    library = Library(tmp_path)
    kept, gone = library.save(text_run(title="Kept")), library.save(text_run(seed=2, title="Gone"))
    library.delete([gone])
    for module in (library_module, library_space):
        monkeypatch.setattr(module, "datetime", Earlier)
    back = Library(tmp_path)
    later = back.save(text_run(seed=3, title="Later"))
    back.delete([later])
    assert {each.id for each in back.entries(deleted=True)} == {gone, later}
    back.restore([gone, kept])
    assert {each.title for each in back.entries()} >= {"Kept", "Gone"}
    assert back.load(kept).title == "Kept"
