"""A lens that asks more than a text: its fields are edited together and live in one line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.copies import ROOT, copy_project
from tests.e2e.conftest import Server
from tests.e2e.frame import Frame

QUESTION = "The capital of France is"
FIELDS = {"question": QUESTION, "answers": ["Paris", "Rome"], "source": "Cities and countries."}

EVERYWHERE = """
import json, sys
import backend
from backend.__main__ import main
from backend.runs.answer import AnswerRequest
from backend.storage.files import dump_run, parse_run
from backend.storage.permalink import decode, encode
from backend.storage.snippet import snippet
from backend.storage.subject import subject

folder, out, fields = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model = backend.load_model(folder, device="cpu")
run = backend.study_answer(model, **fields)
asked = run.request
assert asked.answers == tuple(fields["answers"]) and asked.source == fields["source"]
assert subject(asked) == fields["question"]
assert decode(encode(asked)) == asked
assert parse_run(dump_run(run), "again").request == asked
assert repr(fields["source"]) in snippet(run) or json.dumps(fields["source"]) in snippet(run)
open(out + ".txt", "w").write(fields["question"])
arguments = ["--source", fields["source"], "--text-file", out + ".txt", "--model", folder]
for answer in fields["answers"]:
    arguments += ["--answers", answer]
assert main(["answer", *arguments, "--out", out]) == 0
assert backend.load_run(out).request.answers == asked.answers
print("done")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a lens of three fields."""
    folder = copy_project(tmp_path_factory.mktemp("copy"))
    shutil.copytree(ROOT / "tests" / "three_fields", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def served(copy: Path) -> Iterator[str]:
    server = Server(copy / "app.py", copy / "log.txt", root=copy)
    yield server.url
    server.stop()


@pytest.mark.slow
def test_shell_notebook_link_and_file_hold_all_fields(copy, tiny_folder):
    arguments = [str(tiny_folder("llama")), str(copy / "run.safetensors"), json.dumps(FIELDS)]
    done = subprocess.run(
        [sys.executable, "-c", EVERYWHERE, *arguments],
        cwd=copy, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(copy)},
    )  # fmt: skip
    assert done.stdout.endswith("done\n"), done.stderr


def test_three_fields_are_edited_in_place_and_stay_when_one_looks_at_another_lens(
    page, served, tiny_folder
):
    frame = Frame(page, served)
    frame.goto(f"answer?model={quote(str(tiny_folder('llama')), safe='')}", tokens=False)
    frame.button("Edit").click()
    form = page.locator(".edit-form")
    expect(form.get_by_role("textbox")).to_have_count(3)
    form.get_by_label("Question").fill(QUESTION)
    form.get_by_label("Answers").fill("Paris\nRome")
    form.get_by_label("Source").fill(FIELDS["source"])
    form.get_by_label("Source").press("Control+Enter")
    line = page.locator(".head-text")
    expect(line).to_have_text(re.compile("Answers: Paris, Rome.*Source: Cities"))
    expect(page.locator(".stage-area svg")).to_be_visible()
    expect(page).to_have_url(re.compile("run="))
    frame.tab("Tokens").click()
    expect(line).to_have_text(QUESTION)
    frame.tab("Answer").click()
    expect(line).to_have_text(re.compile("Answers: Paris, Rome.*Source: Cities"))
    expect(page.locator(".stage-area svg")).to_be_visible()
    frame.button("Edit").click()
    expect(form.get_by_label("Source")).to_have_value(FIELDS["source"])
    form.get_by_label("Source").press("Escape")
    page.reload()
    expect(line).to_have_text(re.compile("Answers: Paris, Rome.*Source: Cities"))
