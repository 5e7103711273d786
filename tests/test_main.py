"""The shell: a run and its JSON from one command, one clear line for what cannot be."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import fields

import numpy as np
import pytest

import backend
from backend.__main__ import main
from backend.runs import TextRequest


@pytest.fixture
def shell(tiny_folder, tmp_path, monkeypatch, capsys):
    """Run a command on a tiny model in an empty folder; return exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_bytes("Two lines,\r\nan é.".encode())

    def run(*arguments: str, model: str | None = None) -> tuple[int, str, str]:
        source = (
            ["--model", model or str(tiny_folder("gpt2"))] if arguments[:1] == ("text",) else []
        )
        code = main([*arguments, *source])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_writes_a_run_and_says_so_in_one_line(shell, tmp_path):
    code, out, _ = shell("text", "--text-file", "text.txt", "--out", "run.safetensors")
    assert code == 0
    assert out.startswith("run.safetensors: ")
    assert len(out.splitlines()) == 1
    run = backend.load_run(tmp_path / "run.safetensors")
    assert run.request.text == "Two lines,\r\nan é."


def test_writes_the_same_numbers_as_plain_json(shell, tmp_path):
    shell("text", "--text-file", "text.txt", "--out", "a/run.safetensors", "--json", "b/run.json")
    run = backend.load_run(tmp_path / "a/run.safetensors")
    plain = json.loads((tmp_path / "b/run.json").read_text("utf-8"))
    assert plain["entropy"][0] is None
    np.testing.assert_allclose(plain["entropy"][1:], run.entropy[1:], rtol=1e-6)
    assert plain["tokens"] == run.tokens


def test_reads_standard_input(shell, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from a pipe")))
    code, _, _ = shell("text", "--text-file", "-", "--out", "run.safetensors")
    assert code == 0
    assert backend.load_run(tmp_path / "run.safetensors").request.text == "from a pipe"


def test_every_field_of_the_request_has_its_option(shell, tmp_path):
    options = {
        "top_k": "3", "add_bos": None, "chat": None, "special_tokens": "special",
        "long_text": "windows", "window_overlap": "7", "curve": None,
    }  # fmt: skip
    assert set(options) | {"model", "text"} == {each.name for each in fields(TextRequest)}
    flags = [f"--{name.replace('_', '-')}" for name in options]
    values = [part for flag, value in zip(flags, options.values(), strict=True)
              for part in ([flag] if value is None else [flag, value])]  # fmt: skip
    arguments = ["text", "--text-file", "text.txt", "--out", "r.safetensors", "--title", "Mine"]
    code, _, errors = shell(*arguments, *values)
    assert (code, errors) == (0, "")
    run = backend.load_run(tmp_path / "r.safetensors")
    request = run.request
    assert (request.top_k, request.add_bos, request.curve) == (3, True, True)
    assert (request.special_tokens, request.long_text) == ("special", "windows")
    assert request.window_overlap == 7
    assert request.chat
    assert run.title == "Mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["text", "--text-file", "missing.txt", "--out", "o"], "missing.txt"),
        (["text", "--text-file", "text.txt"], "--out"),
        (["text", "--text-file", "text.txt", "--out", "o", "--top-k", "many"], "--top-k"),
        (["text", "--text-file", "text.txt", "--out", "o", "--top-k", "0"], "top_k must be 1 to"),
        (["text", "--text-file", "text.txt", "--out", "o", "--long-text", "cut"], "'windows'"),
        (["text", "--text-file", "text.txt", "--out", "o", "--nonsense"], "--nonsense"),
        (["text", "--text-file", "empty.txt", "--out", "o"], "empty"),
        (["text", "--text-file", "binary.txt", "--out", "o"], "UTF-8"),
        (["text", "--text-file", "text.txt", "--out", "text.txt/run"], "Cannot write"),
        (["texts"], "texts"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_clear_line(shell, tmp_path, arguments, message):
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    code, out, errors = shell(*arguments)
    assert code == 2
    assert out == ""
    assert len(errors.splitlines()) == 1
    assert errors.startswith("error: ")
    assert message in errors


def test_an_unknown_model_ends_with_code_2_and_one_clear_line(shell):
    code, _, errors = shell("text", "--text-file", "text.txt", "--out", "o", model="./no-such")
    assert code == 2
    assert len(errors.splitlines()) == 1
    assert "no-such" in errors


def test_help_names_the_studies(shell):
    code, out, _ = shell("--help")
    assert code == 0
    assert "text" in out


def test_a_bare_call_shows_the_help(shell):
    code, out, errors = shell()
    assert code == 2
    assert "Usage" in out + errors
