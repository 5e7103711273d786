"""What leaves the house: tables for spreadsheets, code to run, pages to read, lines of a shell."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from backend.__main__ import main
from backend.report import report_html
from backend.runs.model import ROUNDED
from backend.storage.csv_file import table_csv
from backend.storage.files import parse_run
from backend.storage.snippet import snippet
from tests.runs.makers import text_run, trajectory_run
from tests.security.hostile import CODE, CONTROLS, FORMULA

STEERING = "\x1b\x9b\x00\u202e\u202c\u2066"


def read(table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table_csv(table), newline="")))


@pytest.mark.parametrize(
    "text", [FORMULA, "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1", "-", "=", "-5"]
)
def test_a_text_that_a_spreadsheet_takes_for_a_formula_has_an_apostrophe_in_front(text):
    (name,), (cell,) = read({text: [text]})
    assert name == cell == f"'{text}"


def test_numbers_stay_numbers_in_a_table():
    table = {"x": np.array([-1.5, np.nan, -np.inf], np.float32), "n": [-3, None, "a-b = c"]}
    assert read(table)[1:] == [["-1.5", "-3"], ["", ""], ["-inf", "a-b = c"]]


def test_control_characters_are_written_as_code_points_in_a_table_and_breaks_stay():
    assert read({"x": [f"a{STEERING}b\n\tc"]})[1] == ["aU+001BU+009BU+0000U+202EU+202CU+2066b\n\tc"]


def test_details_never_take_the_place_of_a_column(tmp_path):
    run = trajectory_run()
    values = np.full_like(run.entropy, 7)
    hostile = dict.fromkeys(("entropy_nats", "text", "detail_text", "sampler"), values)
    labels = dict.fromkeys(hostile, "x")
    steps = replace(run, details=hostile, detail_labels=labels).tables()["steps"]
    was = run.tables()["steps"]
    for name in ("entropy_nats", "text", "sampler"):
        np.testing.assert_array_equal(steps[name], was[name])
    added = [name for name in steps if name not in was]
    assert len(added) == 4
    assert all((steps[name] == 7).all() for name in added)


@pytest.mark.parametrize("escape", [CODE, f"x\n{CODE}", "\r" + CODE])
def test_code_that_makes_a_run_again_holds_what_the_run_says_as_values_only(escape, tmp_path):
    run = text_run()
    weights = f"float32{ROUNDED}4 bits {escape}"
    code = snippet(replace(run, model=replace(run.model, weights=weights)))
    comments = [line for line in code.splitlines() if line.startswith("#")]
    assert comments
    assert not any("coding" in line or "hacked" in line for line in comments)
    file = tmp_path / "snippet.py"
    file.write_text(code.split("model = backend")[0], encoding="utf-8")
    names: dict = {"backend": None}
    exec(compile(file.read_bytes(), "snippet", "exec"), names)  # noqa: S102
    assert names["weights_of_the_run"] == [weights]


def test_a_report_shows_control_characters_as_code_points():
    run = text_run(f"One {CONTROLS} two.", title=CONTROLS)
    hostile = replace(run, model=replace(run.model, name=CONTROLS), note=CONTROLS)
    page = report_html(hostile)
    assert not set(page) & set(STEERING)
    assert "\\u001b" not in page  # nor as what a script would read back
    assert "U+202E" in page
    assert "U+001B" in page


def test_the_shell_shows_control_characters_as_code_points(tmp_path, capsys):
    name = "\x1b[31mred\u202e"
    command = ["text", "--text-file", str(tmp_path / name), "--out", str(tmp_path / "run")]
    assert main(command) == 2
    line = capsys.readouterr().err
    assert not set(line) & set(STEERING)
    assert "U+001B[31mredU+202E" in line


def test_a_run_with_control_characters_is_stored_as_it_is(tmp_path):
    run = text_run(f"One {CONTROLS} two.")
    assert parse_run(run.save(tmp_path / "run").read_bytes(), "x").text == run.text
