"""The check of a GPU: rehearsed on whatever machine the tests run on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import torch

from benchmarks import gpu_check

ROOT = Path(__file__).parents[1]


def rows(page: str) -> list[list[str]]:
    """Return the cells of all rows of all tables."""
    lines = (line for line in page.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_script_times_every_study_and_agrees_with_float64(tmp_path):
    out = tmp_path / "check.md"
    command = [str(ROOT / "scripts/gpu_check.sh"), "--tiny", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    timed = [row for row in rows(out.read_text("utf-8")) if len(row) == 7 and row[0] != "shape"]
    for shape in gpu_check.TINY:
        for dtype in ("float32", "bfloat16"):
            found = {row[3]: row for row in timed if row[:2] == [shape.name, dtype]}
            assert set(found) == {way.name for way in gpu_check.WAYS} - (
                {"attention, fast"} if dtype == "float32" else set()
            )
            assert all(row[4].endswith(" ms") for row in found.values())
            assert float(found["text"][6]) > 0


def test_numbers_far_from_float64_are_seen(monkeypatch):
    monkeypatch.setitem(gpu_check.TOLERANCES, "float32", 1e-12)
    table, good = gpu_check.agreement_table(torch.device("cpu"))
    assert not good
    assert len(rows(table)) == 3


def test_what_would_take_too_long_is_left_out_and_said():
    model = gpu_check.build(gpu_check.SMALL, torch.device("cpu"), torch.float32)
    found = rows("\n".join(gpu_check.rows_of(model, (16, 32), gpu_check.Clock(0))))
    said = {(row[2], row[3]): row[4] for row in found}
    assert said["16", "text"].endswith(" ms")
    assert said["32", "text"] == "left out for time"


def test_what_does_not_fit_is_said():
    def full(model, text):
        raise torch.cuda.OutOfMemoryError("no room")

    model = gpu_check.build(gpu_check.SMALL, torch.device("cpu"), torch.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu_check, "WAYS", (gpu_check.Way("full", full),))
        (row,) = rows("\n".join(gpu_check.rows_of(model, (16,), gpu_check.Clock(60))))
    assert row[3:5] == ["full", "does not fit"]


@pytest.mark.parametrize("shape", gpu_check.SHAPES, ids=lambda shape: shape.name)
def test_shapes_are_as_large_as_their_models(shape):
    expected = {"SmolLM2-135M": 134.5e6, "Qwen3-0.6B": 596e6, "Llama-3.1-8B": 8.03e9}
    with torch.device("meta"):
        made = gpu_check.AutoModelForCausalLM.from_config(shape.config)
    assert made.num_parameters() == pytest.approx(expected[shape.name], rel=0.01)
