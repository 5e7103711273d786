"""The data-set command: a table out of a file, and one line for whatever is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import backend
from backend.__main__ import main


@pytest.fixture
def ask(tiny_folder, tmp_path: Path):
    """Return a function that writes a file and runs the command on it."""

    def run(name: str, content: str, *options: str) -> int:
        (tmp_path / name).write_text(content)
        model = ["--model", str(tiny_folder("llama")), "--device", "cpu"]
        files = ["--file", str(tmp_path / name), "--out", str(tmp_path / "run.safetensors")]
        return main(["dataset", *model, *files, *options])

    return run


def test_every_line_is_a_row_of_run_json_and_csv(ask, tmp_path, capsys):
    table, plain = tmp_path / "table.csv", tmp_path / "run.json"
    options = ["--csv", str(table), "--json", str(plain), "--title", "Two"]
    assert ask("texts.txt", "The cat sat.\nAnother line.\n", *options) == 0
    run = backend.load_run(tmp_path / "run.safetensors")
    rows = list(csv.DictReader(table.open(newline="")))
    assert [row["text"] for row in rows] == ["The cat sat.", "Another line."]
    np.testing.assert_array_equal(
        np.array([row["mean_entropy_nats"] for row in rows], np.float64).astype(np.float32),
        run.mean_entropy,
    )
    assert json.loads(plain.read_text())["title"] == "Two"
    assert "2 texts" in capsys.readouterr().out


def test_what_could_not_be_read_is_counted(ask, capsys):
    assert ask("texts.jsonl", '{"body": "fine"}\n{"body": ""}\n', "--field", "body") == 0
    assert "1 could not be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("texts.pdf", "x", "no .txt, .jsonl or .csv file"),
        ("texts.jsonl", "{", "Line 1 of texts.jsonl is not JSON"),
        ("texts.txt", "", "no texts"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(ask, capsys, name, content, message):
    assert ask(name, content) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
