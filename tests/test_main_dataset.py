"""The data-set command: a table out of a file, and one line for whatever is wrong."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import backend
from backend.__main__ import main

ROOT = Path(__file__).parents[1]


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
        ("texts.jsonl", '"half \\ud800"', "Line 1 of texts.jsonl has half of a character"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(ask, capsys, name, content, message):
    assert ask(name, content) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.slow
def test_a_killed_command_goes_on_and_reads_no_finished_row_again(tiny_folder, tmp_path):
    (tmp_path / "texts.txt").write_text(
        "\n".join(f"Text number {number}." + " more" * 600 for number in range(60))
    )
    command = [
        *(sys.executable, "-m", "backend", "dataset", "--device", "cpu"),
        *("--model", str(tiny_folder("llama")), "--file", str(tmp_path / "texts.txt")),
        *("--out", str(tmp_path / "run.safetensors")),
    ]
    environment = {**os.environ, "ENTROSCOPE_DATA_DIR": str(tmp_path / "data")}
    killed = subprocess.Popen(command, cwd=ROOT, env=environment)
    while not (finished := _logged(tmp_path / "data")):
        assert killed.poll() is None, "it was finished before it could be killed"
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    finished = _logged(tmp_path / "data")
    assert not (tmp_path / "run.safetensors").exists()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert len(backend.load_run(tmp_path / "run.safetensors").arrays()["tokens"]) == 60
    every = _logged(tmp_path / "data")
    assert every[: len(finished)] == finished
    assert sorted(every) == list(range(60))  # each measured once


def _logged(data: Path) -> list[int]:
    """Return the rows in the log, in the order they were written."""
    lines = [
        line
        for path in (data / "datasets").glob("*.jsonl")
        for line in path.read_bytes().split(b"\n")[1:-1]
    ]
    return [number for line in lines for number, _ in json.loads(line)["rows"]]
