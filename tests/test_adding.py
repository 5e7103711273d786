"""The guides for adding things are complete: their files work in a copy of the project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import copy_project

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"```python\n# ([\w/]+\.py)\n(.*?)```", re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project, without what takes space."""
    return copy_project(tmp_path)


def follow(guide: str, copy: Path) -> list[str]:
    """Write the files that a guide shows; none of them may be there already."""
    files = _BLOCK.findall((ROOT / "docs" / guide).read_text("utf-8"))
    for name, content in files:
        assert not (copy / name).exists(), f"{name} would be an edit"
        (copy / name).write_text(content, encoding="utf-8")
    return [name for name, _ in files]


def python(copy: Path, code: str, *arguments: str) -> str:
    """Run code in the copy and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LENS = """
import sys
import numpy as np
import backend
from backend.__main__ import main
from backend.derived import number_names
from backend.lenses import LENSES
from backend.lenses.parts import part
from streamlit.testing.v1 import AppTest

folder, text_file, out = sys.argv[1:]
model = backend.load_model(folder, device="cpu")
run = backend.study_turning(model, "A heron waits.")
assert run.turn.shape == (model.facts.layers, len(run))
assert np.isfinite(run.turn[:, 1:]).all() and np.isnan(run.turn[:, 0]).all()
first, second = backend.study_many(model, "A heron waits.", ["text", "turning"])
np.testing.assert_allclose(second.turn, run.turn, atol=1e-4)
assert main(["turning", "--text-file", text_file, "--out", out, "--model", folder]) == 0
assert backend.load_run(out).kind == "turning"
assert "turn" in run.tables()["layer_token"]
lens = LENSES["turning"]
for panel in lens.panels:
    assert part(lens, run, panel.name)[0]
assert part(lens, run, "map_turn.svg", {"theme": "light"})[0].startswith(b"<svg")
page = AppTest.from_file("components/shell.py", default_timeout=60)
page.switch_page("../pages/read/turning.py").run()
assert not page.exception, [each.value for each in page.exception]
print("done")
"""


def test_a_lens_is_added_as_its_guide_says(copy, tiny_folder):
    files = follow("adding_a_lens.md", copy)
    assert len(files) <= 6
    (copy / "text.txt").write_text("A heron waits.")
    folder = str(tiny_folder("llama"))
    assert python(copy, LENS, folder, str(copy / "text.txt"), str(copy / "run")).endswith("done\n")


@pytest.mark.slow
def test_the_contracts_of_all_lenses_hold_for_it_too(copy):
    follow("adding_a_lens.md", copy)
    made = python(copy, "from scripts.make_examples import main; main(missing=True)")
    assert "turning_capital.safetensors" in made
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/lenses"]
    done = subprocess.run(
        [*command, "-k", "turning"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\b[1-9]\d* passed", done.stdout)


MEASURE = """
import torch
from backend.derived import number, number_names
from backend.lenses import LENSES
from backend.lenses.descriptors import describe
from backend.measures.renyi import renyi_2
from backend.storage.files import load_run

run = load_run("examples/text_fact.safetensors")
values = number(run, "collision").values
assert values.shape == (len(run),) and 0 < values[1] <= 1 and values[0] != values[0]
assert "collision" in number_names(run, ("T",))
assert abs(float(renyi_2(torch.zeros(1, 8))[0]) - torch.log(torch.tensor(8.0))) < 1e-5
strip = describe(LENSES["text"])["panels"][0]
assert "collision" in [each["name"] for each in strip["numbers"]]
print("done")
"""


def test_a_measure_is_added_as_its_guide_says(copy):
    follow("adding_a_measure.md", copy)
    assert python(copy, MEASURE) == "done\n"


SAMPLER = """
import sys
import backend
from backend import samplers
from backend.__main__ import main

folder, text_file, out = sys.argv[1:]
assert "top_a" in samplers.names()
assert main(["trajectories", "--text-file", text_file, "--out", out, "--model", folder,
             "--sampler", "top_a:0.1", "--steps", "3"]) == 0
run = backend.load_run(out)
assert run.labels == ["Top-a 0.1"] and "floor" in run.details
print("done")
"""


def test_a_sampler_is_added_as_its_guide_says(copy, tiny_folder):
    follow("adding_a_sampler.md", copy)
    (copy / "text.txt").write_text("A heron waits.")
    arguments = str(tiny_folder("llama")), str(copy / "text.txt"), str(copy / "run")
    assert python(copy, SAMPLER, *arguments).endswith("done\n")


SOURCE = """
import os, sys
os.environ["TEAM_MODELS"] = sys.argv[1]
import backend
from backend.errors import ModelError

assert backend.load_model("team:llama", device="cpu").facts.layers
try:
    backend.load_model("team:none")
except ModelError as error:
    assert "no model" in str(error)
    print("done")
"""


def test_a_model_source_is_added_as_its_guide_says(copy, tiny_folder):
    follow("adding_a_model_source.md", copy)
    assert python(copy, SOURCE, str(tiny_folder("llama").parent)).endswith("done\n")
