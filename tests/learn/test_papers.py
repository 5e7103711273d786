"""The papers: one table of all, claims on lenses, and every figure held against its run."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from backend import papers
from backend.commands.base import app
from backend.errors import InputError
from backend.lenses.looks import read_look
from backend.storage.examples import EXAMPLES

CLAIMS = list(papers.declared())
NAMES = [f"{lens.kind}-{paper.number}-{paper.example}" for lens, paper in CLAIMS]


def test_the_table_has_all_papers_once_with_title_citation_lens_and_question():
    assert [each.number for each in papers.entries()] == list(range(1, 59))
    for each in papers.entries():
        assert all((each.title, each.citation, each.lens, each.question))


@pytest.mark.parametrize(("lens", "paper"), CLAIMS, ids=NAMES)
def test_a_claim_names_a_paper_of_the_table_a_shipped_run_and_a_place_to_look(lens, paper):
    assert paper.number in {each.number for each in papers.entries()}
    assert (EXAMPLES / f"{paper.example}.safetensors").exists()
    assert papers.look_of(lens, paper).page == lens.file


@pytest.mark.parametrize(("lens", "paper"), CLAIMS, ids=NAMES)
def test_a_figure_is_found_on_its_run_as_near_as_the_lens_says(lens, paper):
    (finding,) = [
        each
        for each in papers.findings()[paper.number]
        if each.lens is lens and each.paper is paper
    ]
    assert math.isfinite(finding.found)
    assert finding.ok


def test_the_papers_that_work_today_have_their_entries():
    working = {5, 7, 16, 17, 18, 25, 34, 45, 46, 54}
    assert working - papers.findings().keys() == set()


def test_a_figure_that_is_off_or_cannot_be_made_is_not_ok():
    lens, paper = CLAIMS[0]
    assert not papers.finding_of(lens, replace(paper, expected=1e9)).ok
    missing = papers.finding_of(lens, replace(paper, example="no_such_run"))
    assert math.isnan(missing.found)
    assert not missing.ok


def test_the_shell_prints_every_paper_as_json():
    result = CliRunner().invoke(app, ["papers", "--json"])
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert {row["number"] for row in rows} == set(range(1, 59))
    for row in rows:
        assert {"number", "title", "lens", "claim", "expected", "found", "ok"} <= row.keys()
        assert (row["ok"] is None) == (row["claim"] is None)


def test_the_shell_says_by_its_exit_code_that_a_figure_is_off(monkeypatch):
    number = CLAIMS[0][1].number
    off = {**papers.findings()}
    off[number] = (replace(off[number][0], ok=False),)
    monkeypatch.setattr(papers, "findings", lambda: off)
    assert CliRunner().invoke(app, ["papers"]).exit_code == 1


def test_a_look_names_a_panel_in_short_and_is_written_out_as_an_address_holds_it():
    look = read_look("tokens?example=text_fact&panel=cumulative")
    assert json.loads(look.query["tab"]) == {"text": "cumulative"}
    assert read_look(str(look)) == look


@pytest.mark.parametrize(
    "text",
    [
        "../x",
        "tokens?a=1&a=2",
        "tokens?" + "x" * 7000,
        "Tokens?a=1",
        "tokens?panel=no_such",
        "t?%ff",
    ],
)
def test_a_look_that_is_no_place_is_refused_in_one_line(text):
    with pytest.raises(InputError) as refused:
        read_look(text)
    assert "\n" not in str(refused.value)
