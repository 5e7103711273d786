"""Flow: how much of an answer comes from each sentence of a context."""

from __future__ import annotations

import numpy as np

from ...derived import number
from ...runs.flow import FlowRun
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.table import Table
from ._flow_charts import COLOUR, WAY, answer, bands, running

FERRY = (
    "The ferry Aurora leaves Lindholm at noon. It carries ninety passengers and four cars. "
    "The captain is Marta Velde. She has sailed for thirty years. Her first ship was a tanker. "
    "The crossing takes two hours. It ends on the island of Skarvik. The island has one hotel, "
    "the Blue Heron. The hotel serves smoked eel. A room costs eighty crowns. The lighthouse was "
    "built in 1871. The last ferry back leaves at six."
)
TWICE = FERRY.replace(
    "Her first ship was a tanker.", "Everybody aboard knows Captain Velde, whose name is Marta."
)
QUESTION = "Who is the captain, and what is the hotel called?"
RIGHT = "The captain is Marta Velde, and the hotel is called the Blue Heron."
FALSE = "The captain is Peter Holm, and the hotel is called the Golden Lion."
CAPTAIN, HOTEL = 2, 7
"""Sentences that answer the question."""


def share_of_two(run: FlowRun) -> float:
    """Return the share of the flow that the two sentences that answer it add."""
    found = number(run, "sentence_step").values[[CAPTAIN, HOTEL]]
    return float(found.sum(dtype=np.float64)) / float(number(run, "total").values)


def off(run: FlowRun) -> float:
    """Return how far the sentences are from the whole, nats."""
    return float(number(run, "sum_rule").values)


def lost_of_captain(run: FlowRun) -> float:
    """Return the share of what a sentence adds that is lost without it."""
    lost, added = (number(run, f"sentence_{way}").values[CAPTAIN] for way in ("only", "step"))
    return float(lost / added)


def captain(run: FlowRun) -> float:
    """Return what the sentence on the captain adds, nats."""
    return float(number(run, "sentence_step").values[CAPTAIN])


declare(
    Lens(
        kind="flow",
        title="Flow",
        summary="How much of an answer comes from each sentence of a context.",
        group="read",
        family="Information",
        icon="water",
        place=61,
        figures=("total", "beyond", "shared", "sum_rule"),
        panels=(
            Chart(
                key="bands",
                title="From sentences to words",
                read="A band is as wide as what a sentence on the left gives a word on the right. "
                "Sums stand beside; under a quarter of a nat there is no band.",
                about="Added in order: what a sentence adds to those before it, which sums to the "
                "flow of the whole context. Lost without it: every sentence is left out in turn.",
                area="stage",
                draw=bands,
                of=("step", "only"),
                controls=(WAY,),
                moves="token",
            ),
            Chart(
                key="answer",
                title="The answer",
                read="Where the context made a token likelier, and where it led away from it.",
                draw=answer,
                of=("flow", "expected", "whole", "alone"),
                controls=(COLOUR,),
                moves="token",
            ),
            Chart(
                key="running",
                title="Flow so far",
                read="Steps up are what the context tells. Far under the expected line, the answer "
                "is not what the context says.",
                about="Expected is the sum of divergences between the predictions with the context "
                "and without: it never falls.",
                draw=running,
                of=("flow", "expected"),
                moves="token",
            ),
            Map(
                title="Sentence by token",
                read="A row is a sentence, a column a token of the answer: what it adds there.",
                of="step",
                axes=("J", "T"),
                area="timeline",
            ),
            Table(
                title="Sentences",
                read="Much added and little lost: the same is said elsewhere too.",
                table="sentences",
                axes=("J",),
                of=("sentence_tokens", "sentence_step", "sentence_only"),
            ),
        ),
        examples=(
            Example(
                "flow_ferry",
                "Two sentences answer it",
                "Two of twelve sentences give nearly all of the answer: one the captain's name, "
                "one that of the hotel.",
                {"context": FERRY, "question": QUESTION, "answer": RIGHT},
            ),
            Example(
                "flow_twice",
                "The same said twice",
                "The captain's name stands in two sentences. In order the first gives it all; left "
                "out, hardly anything is lost, for the other one has it too.",
                {"context": TWICE, "question": QUESTION, "answer": RIGHT},
            ),
            Example(
                "flow_false",
                "A false answer",
                "Another captain, another hotel: the sentence on the captain leads away from the "
                "name, and hardly any flow is left in all.",
                {"context": FERRY, "question": QUESTION, "answer": FALSE},
            ),
        ),
        papers=(
            Paper(
                49,
                "Information flows to an answer token by token, and the flows of the parts of a "
                "context, each given those before it, sum to that of the whole.",
                "",
                "flow_ferry",
                0.0,
                off,
                1e-3,
                "The chain rule of directed information (Massey 1990), on which the paper builds; "
                "expected is exactly 0. Its rate-distortion and rate-reward functions are optima "
                "over all channels, which no reading of one model gives.",
            ),
            Paper(
                49,
                "What carries the flow can be traced: the two sentences that answer the question "
                "add 95 % of it.",
                'choices={"bands":{"way":"step"}}',
                "flow_ferry",
                0.95,
                share_of_two,
                0.02,
                "The paper is theory and has no figures; expected is our first measurement.",
            ),
            Paper(
                49,
                "What is said twice is lost without neither: leaving a sentence out finds little "
                "of what it added.",
                'choices={"bands":{"way":"only"}}',
                "flow_twice",
                0.06,
                lost_of_captain,
                0.05,
                "Ours: share of what the first of two sentences adds that is lost without it.",
            ),
            Paper(
                49,
                "Realised flow can be negative, though its expectation cannot: a sentence leads "
                "away from a false answer.",
                "panel=running",
                "flow_false",
                -5.9,
                captain,
                0.3,
                "Nats that the sentence on the captain adds to the false answer; ours.",
            ),
        ),
        guide=(
            "Give a context, a question and an answer, the model's or your own. The answer is read "
            "behind the first sentence, the first two, and so on, and behind the context without "
            "each sentence; the context itself is read only once.",
            "Two questions, two widths. In order, the first sentence that says something has all "
            "of it, and all sum to the whole. Left out, a sentence has only what no other "
            "one says; what is over is shared.",
            "Flow against no context also counts what any text would do. Beyond unrelated texts is "
            "the fairer figure; write your own, a line each.",
        ),
    )
)
