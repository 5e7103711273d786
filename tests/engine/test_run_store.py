"""Runs in memory: bounded in bytes, read again from their files, examples listed by headers."""

from __future__ import annotations

import json
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from backend.errors import InputError, RunFileError
from backend.storage import files, run_store
from backend.storage.examples import list_examples, open_example
from backend.storage.run_store import RunStore
from tests.runs.makers import text_run


@pytest.fixture
def folder(tmp_path):
    for name, title in (("text_a", "First"), ("text_b", "")):
        run = replace(text_run(name, title=title), note="Look here.")
        run.save(tmp_path / f"{name}.safetensors")
    return tmp_path


@pytest.fixture
def reads(monkeypatch):
    """Count the files that are read whole."""
    found, load = [], run_store.load_run
    monkeypatch.setattr(
        run_store, "load_run", lambda path: (found.append(path.stem), load(path))[1]
    )
    return found


def test_uploaded_and_saved_runs_are_bounded_in_bytes_together(folder):
    store = RunStore(100_000)
    for number in range(20):
        store.put(np.full(10_000, number, np.uint8))
    store.open(folder / "text_a.safetensors")
    assert store._values.bytes <= 100_000
    assert store.get(store.put(np.full(10_000, 19, np.uint8))) is not None


def test_a_file_is_read_once(folder, reads):
    store = RunStore(10**9)
    run = store.open(folder / "text_a.safetensors")
    assert store.open(folder / "text_a.safetensors") is run
    assert reads == ["text_a"]


def test_a_run_of_a_file_that_was_dropped_is_read_again_by_its_content(folder, reads):
    store = RunStore(1)
    content = store.put(store.open(folder / "text_a.safetensors"))
    store.open(folder / "text_b.safetensors")
    assert not store.holds([content])
    found = store.get(content)
    assert found is not None
    assert found.title == "First"
    assert reads == ["text_a", "text_b", "text_a"]


def test_a_file_that_is_gone_or_another_one_gives_nothing(folder):
    store = RunStore(1)
    content = store.put(store.open(folder / "text_a.safetensors"))
    store.open(folder / "text_b.safetensors")
    text_run("other").save(folder / "text_a.safetensors")
    assert store.get(content) is None
    store.open(folder / "text_b.safetensors")
    (folder / "text_a.safetensors").unlink()
    assert store.get(content) is None
    with pytest.raises(RunFileError, match="no run file"):
        store.open(folder / "text_a.safetensors")


def test_a_file_that_was_written_anew_is_read_anew(folder):
    store = RunStore(10**9)
    before = store.open(folder / "text_a.safetensors")
    text_run("other text").save(folder / "text_a.safetensors")
    assert store.open(folder / "text_a.safetensors").text != before.text


def test_a_run_of_the_library_is_opened_under_its_title_there(folder):
    store, path = RunStore(10**9), folder / "text_a.safetensors"
    assert store.open(path, "Renamed").title == "Renamed"
    assert store.open(path, "Again").title == "Again"


def test_a_run_put_twice_is_one(folder):
    store = RunStore(10**9)
    run = text_run("a")
    assert store.put(run) == store.put(replace(run))
    assert store.get(store.put(run)) is run


def test_many_threads_share_a_store(folder):
    store, start = RunStore(50_000), threading.Barrier(8)

    def work(number):
        start.wait(60)
        for step in range(50):
            path = folder / f"text_{'ab'[(number + step) % 2]}.safetensors"
            content = store.put(store.open(path))
            store.put(np.full(5_000, number * 50 + step, np.int32))
            if store.get(content) is None:
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert store._values.bytes <= 50_000


# Examples


def test_examples_are_listed_without_reading_their_arrays(folder, monkeypatch):
    monkeypatch.setattr(files, "load", lambda data: pytest.fail("the arrays were read"))
    first, second = list_examples(folder)
    assert (first.name, first.title, first.kind, first.note) == (
        "text_a", "First", "text", "Look here.",
    )  # fmt: skip
    assert second.title == "text_b"  # a name is better than nothing


def test_a_header_in_another_order_than_ours_is_read_too(folder):
    path = folder / "text_a.safetensors"
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"] = header.pop("__metadata__")  # last
    written = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(written)) + written + data[8 + size :])
    assert files.read_heading(path).title == "First"


def test_what_a_header_says_of_a_request_is_what_the_run_says(folder):
    store = RunStore(10**9)
    for each in list_examples(folder):
        run = open_example(folder, each.name, store)
        assert (each.key, each.text) == (run.request.key, run.request.text)


@pytest.mark.parametrize("name", ["unknown", "../text_a", ""])
def test_only_runs_of_the_folder_can_be_opened(folder, name):
    with pytest.raises(InputError, match="no example named"):
        open_example(folder, name, RunStore(10**9))


def _written(header):
    data = json.dumps({"__metadata__": {"entroscope": json.dumps(header)}}).encode()
    return struct.pack("<Q", len(data)) + data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        struct.pack("<Q", 2**60) + b"{}",
        struct.pack("<Q", 100) + b"{}",
        _written({"schema": 2, "kind": "text", "fields": {"title": "", "note": ""}}),
        _written({"schema": 2, "kind": "nonsense", "fields": {}}),
        _written({"schema": 2, "kind": "text", "fields": {"title": "", "note": "", "request": 1}}),
        _written({"schema": 99, "kind": "text", "fields": {}}),
        _written({"schema": 2, "kind": "text"}).replace(b"text", b"te\\ud800xt"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, data):
    (tmp_path / "text_bad.safetensors").write_bytes(data)
    with pytest.raises(RunFileError, match="text_bad"):
        files.read_heading(tmp_path / "text_bad.safetensors")
