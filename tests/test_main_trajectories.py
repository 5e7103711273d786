"""The trajectory study from a shell."""

from __future__ import annotations

import pytest

import backend
from backend.__main__ import main
from backend.commands.trajectories import read_plan
from backend.errors import InputError
from backend.runs import SamplerSpec


@pytest.fixture
def run_command(tiny_folder, tmp_path):
    (tmp_path / "prompt.txt").write_text("The quick brown fox")

    def call(*options):
        files = ["--text-file", str(tmp_path / "prompt.txt"), "--out", str(tmp_path / "run")]
        return main(["trajectories", *files, "--model", str(tiny_folder("llama")), *options])

    return call


def test_samplers_and_seeds_become_texts_with_their_numbers(run_command, tmp_path, capsys):
    options = ["--sampler", "top_p:0.8", "--sampler", "greedy", "--seed", "3", "--seed", "4"]
    assert run_command(*options, "--steps", "4") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Top-p 0.8, seed 3: ")
    assert said[-1].startswith(f"{tmp_path / 'run'}: 4 texts")
    run = backend.load_run(tmp_path / "run")
    assert run.token_ids.shape == (2, 2, 4)


def test_mirostat_says_how_far_it_is_from_its_target(run_command, capsys):
    assert run_command("--sampler", "mirostat_v2:2", "--sampler", "greedy", "--steps", "3") == 0
    said = capsys.readouterr().out.splitlines()
    assert "nats off its target of 1.386" in said[0]
    assert "target" not in said[1]


def test_bad_parameters_are_refused_in_one_line_with_the_range(run_command, capsys):
    assert run_command("--sampler", "top_p:p=7") == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == "error: p must be above 0 and at most 1; it is 7."


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("greedy", (SamplerSpec("greedy"),)),
        ("top_k:50", (SamplerSpec("top_k", {"top_k": 50}),)),
        ("top_h:alpha=0.5,rule=author", (SamplerSpec("top_h", {"alpha": 0.5, "rule": "author"}),)),
        (
            "top_k:50+top_p:p=0.9",
            (SamplerSpec("top_k", {"top_k": 50}), SamplerSpec("top_p", {"p": 0.9})),
        ),
    ],
)
def test_plans_are_read(text, plan):
    assert read_plan(text) == plan


def test_what_is_no_plan_is_refused_with_an_example():
    with pytest.raises(InputError, match=r"write for example top_p:p=0\.9"):
        read_plan("top_p:p=")
