"""Retrieval: what neighbours from another text add to every prediction, and to what is written."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...charts.words import one_line
from ...derived import retrieval as of
from ...runs.base import Run
from ...runs.retrieval import START, RetrievalRun
from ...storage.passages import passages
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.facts import Facts
from ..panels.strip import Strip
from ..panels.table import Column, Table
from ._retrieval_charts import MOST, SHARE, SHOWN, by_share, neighbours, spread, writing

NUMBERS = ("gain", "retrieved", "surprisal", "retrieval_entropy", "entropy", "distance")


class _Shares(Facts):
    """The numbers of a token, with a slider over the shares that begins where the strip does."""

    def options(self, run_type: type[Run]) -> dict[str, Any]:
        return {**super().options(run_type), "place": START}


def _texts(run: RetrievalRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    said = [*run.continuations, *[""] * shape[0]][: shape[0]]
    return [Column(name="text", label="text", values=[one_line(each) for each in said])]


def _example(
    name: str, title: str, note: str, place: int, token: int, fields: dict[str, Any], length: int
) -> Example:
    """Return the run of a passage: its first 70 % are the source, what follows is the text."""
    whole = passages()[place]
    cut = whole.rfind(". ", 0, int(0.7 * len(whole))) + 2
    text = whole[cut:].strip()
    end = text.rfind(". ", 0, length) + 1
    asked = {"source": whole[:cut].strip(), "text": text[:end], **fields}
    return Example(f"retrieval_{name}", title, note, asked, token)


def change(run: RetrievalRun) -> float:
    """Return by how much the mean surprisal changes with a share of 5 %, nats."""
    return of.surprisal_at(run, 0.05) - of.surprisal_at(run, 0)


def rise_beyond(run: RetrievalRun) -> float:
    """Return by how much retrieval entropy rises more than the model's own, nats."""
    return float(np.subtract(of.rise(run), of.rise_own(run)))


declare(
    Lens(
        kind="retrieval",
        title="Retrieval",
        summary="What neighbours from a text of yours add to each prediction, and what they cost.",
        group="write",
        icon="find_in_page",
        place=36,
        figures=("own", "mixed", "gaining", "rise", "rise_own"),
        panels=(
            Strip(
                title="The text, with retrieval",
                read="Gained or lost by the mixture; step through the share of retrieval below.",
                colours=NUMBERS,
                at="W",
                place=START,
            ),
            _Shares(
                title="This token",
                read="The bars are its gain at every share; press one to choose it.",
                of=NUMBERS,
                at="W",
            ),
            Chart(
                key="spread",
                title="Few gain, most lose",
                read="Left of 0: the share is paid and nothing found. Right: what came stands "
                "among the neighbours.",
                draw=spread,
                of=("gain",),
                controls=(SHARE,),
            ),
            Chart(
                key="neighbours",
                title="Neighbours",
                read="What stands in the source at the three nearest states, and what came next "
                "there; below, what all of them and the model gave to what came here.",
                missing="Nothing predicts this token.",
                draw=neighbours,
                of=("neighbour_weights", "retrieved"),
                state=("token",),
            ),
            Chart(
                key="by_share",
                title="Mean by share",
                read="Above the dashed line retrieval pays on the whole text. Shares that cost "
                f"more than {MOST} nats a token are left out.",
                draw=by_share,
                of=("mixed", "own"),
            ),
            Chart(
                key="writing",
                title="As it writes",
                read=f"Means over {of.WIDTH} tokens, all streams; “text” is the given text from "
                "the same place on.",
                draw=writing,
                of=("written_entropy", "written_retrieval"),
                controls=(SHOWN,),
            ),
            Table(
                title="Streams",
                read="What was written behind the beginning of the text.",
                table="streams",
                axes=("S",),
                of=("stream_entropy", "stream_retrieval"),
                rows=_texts,
            ),
        ),
        guide=(
            "Every place of the source is a key: the state that goes into the MLP of one layer, "
            "and the token that came next. The nearest keys of a state vote on what comes; their "
            "vote has the share λ of the mixture.",
            "A token gains where the neighbours find it likelier than the model does, whatever the "
            "share; all others pay −ln(1 − λ). The share decides how much, not which.",
            "The source should be near to the text and must not hold it. The slider needs no new "
            "pass; what is written is drawn with the share under Options.",
        ),
        examples=(
            _example(
                "alice",
                "Alice goes on, with what came before",
                "One token in four or five gains, and some gain much: a share of 10 % pays best on "
                "the whole, one of half the mixture costs more than it brings.",
                0,
                18,
                {"steps": 96},
                1300,
            ),
            _example(
                "darwin",
                "Darwin goes on",
                "His sentences repeat less: fewer tokens gain. Herbert does, for the source names "
                "Mr. Herbert Spencer. A share above 10 % costs more than it brings.",
                1,
                19,
                {},
                700,
            ),
        ),
        papers=(
            Paper(
                13,
                "Few tokens gain by retrieval, and much; most lose a little.",
                "panel=spread",
                "retrieval_alice",
                0.22,
                of.gaining,
                0.03,
                "Expected is our first measurement, on more of the same text; 14 % of Darwin's "
                "tokens gain. The paper has far larger datastores.",
            ),
            Paper(
                13,
                "What few tokens gain makes the whole text less surprising.",
                "panel=by_share",
                "retrieval_alice",
                -0.05,
                change,
                0.03,
                "Found is the change of the mean surprisal at a share of 5 %, nats; expected is "
                "our first measurement. On Darwin it is half as much, and above 10 % retrieval "
                "costs more than it brings.",
            ),
            Paper(
                13,
                "As one writes, the entropy of retrieval rises faster than the model's own.",
                "panel=writing",
                "retrieval_alice",
                -0.36,
                rise_beyond,
                0.1,
                "Found is how much more retrieval entropy rises than the model's, nats, from first "
                "to last third; expected is our first measurement. The paper has it above 0. It "
                "does not show here: in 12 runs of 8 streams over two texts, three seeds and two "
                "temperatures the model's own entropy rose more in every one.",
            ),
        ),
    )
)
