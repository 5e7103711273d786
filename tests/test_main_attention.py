"""The attention study from a shell."""

from __future__ import annotations

import numpy as np

import backend
from backend.__main__ import main
from backend.runs import AttentionRun


def test_attention_writes_a_run_and_says_so_in_one_line(tiny_folder, tmp_path, capsys):
    (tmp_path / "text.txt").write_text("Two lines,\nno more.")
    out = tmp_path / "run.safetensors"
    arguments = ["--text-file", str(tmp_path / "text.txt"), "--out", str(out)]
    assert main(["attention", *arguments, "--model", str(tiny_folder("llama"))]) == 0
    said = capsys.readouterr().out
    assert "3 layers of 4 heads" in said
    assert len(said.splitlines()) == 1
    run = backend.load_run(out)
    assert isinstance(run, AttentionRun)
    assert np.isfinite(run.entropy).all()


def test_an_empty_text_is_refused_in_one_line(tiny_folder, tmp_path, capsys):
    (tmp_path / "text.txt").write_text("")
    arguments = ["--text-file", str(tmp_path / "text.txt"), "--out", str(tmp_path / "run")]
    assert main(["attention", *arguments, "--model", str(tiny_folder("llama"))]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: The text is empty")
