"""Finished rows are found again, whatever happened to the file or whoever else wrote to it."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from backend.storage.row_log import KEEP_DAYS, RowLog


def test_rows_and_seconds_are_there_when_the_log_is_opened_again(tmp_path):
    log = RowLog(tmp_path, "job", {"model": "a"})
    log.add({0: {"tokens": 3}, 5: {"problem": "none"}}, 1.5)
    log.add({1: {"tokens": 4}}, 0.5)
    again = RowLog(tmp_path, "job", {"model": "a"})
    assert again.rows == log.rows == {0: {"tokens": 3}, 5: {"problem": "none"}, 1: {"tokens": 4}}
    assert again.seconds == 2.0


@pytest.mark.parametrize(
    "damage",
    [b"null", b'{"rows": [[1]], "seconds": 1}', b"\xff\xfe", b'{"rows": [[1, {"tok', b"[]"],
)
def test_a_damaged_line_costs_its_own_rows_only(tmp_path, damage):
    log = RowLog(tmp_path, "job", {})
    log.add({0: {"tokens": 3}}, 1.0)
    with (tmp_path / "job.jsonl").open("ab") as file:
        file.write(damage + b"\n")
    log.add({1: {"tokens": 4}}, 1.0)
    with (tmp_path / "job.jsonl").open("ab") as file:
        file.write(damage)
    again = RowLog(tmp_path, "job", {})
    assert again.rows == {0: {"tokens": 3}, 1: {"tokens": 4}}
    again.add({2: {"tokens": 5}}, 1.0)
    assert RowLog(tmp_path, "job", {}).rows.keys() == {0, 1, 2}


def test_a_log_about_something_else_starts_anew_and_keeps_no_foreign_row(tmp_path):
    old = RowLog(tmp_path, "job", {"model": "a"})
    old.add({0: {"tokens": 3}}, 1.0)
    new = RowLog(tmp_path, "job", {"model": "b"})
    assert new.rows == {}
    old.add({1: {"tokens": 4}}, 1.0)
    assert RowLog(tmp_path, "job", {"model": "a"}).rows == {0: {"tokens": 3}, 1: {"tokens": 4}}


def test_two_processes_on_one_job_lose_no_row(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_write, args=(tmp_path, first)) for first in (0, 1)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
        assert each.exitcode == 0
    assert RowLog(tmp_path, "job", {}).rows.keys() == set(range(200))


def _write(folder: Path, first: int) -> None:
    for row in range(first, 200, 2):
        RowLog(folder, "job", {}).add({row: {"tokens": row}}, 0.1)


def test_old_logs_are_removed(tmp_path):
    RowLog(tmp_path, "old", {})
    long_ago = (tmp_path / "old.jsonl").stat().st_mtime - (KEEP_DAYS + 1) * 24 * 3600
    os.utime(tmp_path / "old.jsonl", (long_ago, long_ago))
    RowLog(tmp_path, "new", {})
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {"new.jsonl"}
