"""Names and sizes in the header of a run file, which anybody may have written."""

from __future__ import annotations

import sqlite3

import pytest

from backend.errors import RunFileError
from backend.runs.header import MAX_NOTE, MAX_TITLE
from backend.storage.files import parse_run, read_heading
from backend.storage.library import MODEL_BEGINNING, Library
from tests.runs.makers import text_run, trajectory_run
from tests.security.hostile import forged

LONG = "x" * 9_500_000


def test_a_title_and_a_note_without_end_are_cut_when_a_file_is_read(tmp_path):
    data = forged(text_run(), tmp_path / "run", lambda fields: fields.update(title=LONG, note=LONG))
    run = parse_run(data, "upload")
    assert (len(run.title), len(run.note)) == (MAX_TITLE, MAX_NOTE)
    (tmp_path / "run").write_bytes(data)
    heading = read_heading(tmp_path / "run")
    assert (heading.title, heading.note) == (run.title, run.note)


def put(path, value):
    def change(fields):
        place = fields
        for each in path[:-1]:
            place = place[each]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("model", "name"), LONG),
        (("model", "source"), LONG),
        (("model", "weights"), LONG),
        (("model", "architecture"), LONG),
        (("model", "layers"), 2**60),
        (("model", "heads"), 2**60),
        (("model", "vocab_size"), 2**60),
        (("model", "parameters"), 2**63),
        (("created",), LONG),
        (("versions",), {"entroscope": "0"} | {f"library {i}": "1" for i in range(500_000)}),
        (("versions", "entroscope"), LONG),
    ],
)
def test_names_and_sizes_beyond_all_measure_are_refused_in_one_line(tmp_path, path, value):
    data = forged(text_run(), tmp_path / "run", put(path, value))
    with pytest.raises(
        RunFileError, match=r"^upload is not an Entroscope run, or it is damaged\.$"
    ):
        parse_run(data, "upload")


def test_labels_of_samplers_and_names_of_their_details_have_an_end(tmp_path):
    run = trajectory_run()
    for path, value in (
        (("labels",), [LONG, *run.labels[1:]]),
        (("detail_labels",), {"x": "y", LONG: "z"}),
    ):
        with pytest.raises(RunFileError):
            parse_run(forged(run, tmp_path / "run", put(path, value)), "upload")


def test_an_index_that_took_in_long_names_before_shows_their_beginnings(tmp_path):
    library = Library(tmp_path)
    run_id = library.save(text_run())
    with sqlite3.connect(tmp_path / "library.db") as index:
        index.execute("update run set title = ?, model = ? where id = ?", (LONG, LONG, run_id))
    (entry,) = library.entries()
    assert (len(entry.title), len(entry.model)) == (MAX_TITLE, MODEL_BEGINNING)
