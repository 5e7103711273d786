"""Which model wrote it: evidence against each of two models, valid at every length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...derived import number
from ...runs.which_model_wrote_it import HYPOTHESES, WRITERS, WhichModelWroteItRun
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ._authorship_charts import BET, MODEL, TEXT, WARP, gauge, means, verdicts, words

BEGINNING = "The old lighthouse keeper opened the door and"
GOOSE = (
    "found nobody there but a goose, which walked past him into the kitchen, looked at the stove, "
    "and sat down beside it as if it paid rent. He asked the goose whether the ferry had been late "
    "again. The goose said nothing. On Tuesdays, he remembered, geese rarely do. So he put the "
    "kettle on, moved his boots out of reach, and read it the shipping forecast."
)


def _at(name: str, text: str, hypothesis: str) -> Callable[[WhichModelWroteItRun], float]:
    row, column = WRITERS.index(text), HYPOTHESES.index(hypothesis)
    return lambda run: float(number(run, name).values[row, column])


def off_cross(run: WhichModelWroteItRun) -> float:
    """Return how far the other model's text surprises this one from what it should, nats."""
    row = WRITERS.index("other")
    came = number(run, "mean_surprisal").values[row, 0]
    return float(came - number(run, "mean_cross").values[row, 0])


def odds(run: WhichModelWroteItRun) -> float:
    """Return how far the odds speak for the right model, nats: of two texts the less."""
    found = number(run, "ratio").values
    own, other = WRITERS.index("plain"), WRITERS.index("other")
    half = len(HYPOTHESES) // 2
    return float(min(np.nanmax(found[own, half]), np.nanmax(found[other, 0])))


def _paper(
    claim: str, expected: float, found: Callable[[WhichModelWroteItRun], float], tolerance: float,
    remark: str, look: str,
) -> Paper:  # fmt: skip
    name = "which_model_wrote_it_goose"
    return Paper(16, claim, look, name, expected, found, tolerance, remark)


declare(
    Lens(
        kind="which_model_wrote_it",
        title="Which model wrote it",
        summary="Whether one of two models wrote a text, judged at every length.",
        group="read",
        family="Tokens",
        icon="fingerprint",
        place=12,
        figures=("against_this", "against_other"),
        panels=(
            Chart(
                key="gauge",
                title="Evidence so far",
                read="A line a text. Over the dotted line the hypothesis is rejected, at whatever "
                "length; a text that was written so crosses it once in twenty at most.",
                about="Each token is a bet that the text surprises more or less than the "
                "hypothesis expects. The mean of eight bets is an e-value: under the hypothesis "
                "its mean is 1 at every length, for any text, model and way of drawing. The odds "
                "of the other model are an e-value too, and the sharper one where it is known.",
                area="stage",
                draw=gauge,
                of=("log_e", "ratio"),
                controls=(MODEL, WARP, BET),
                moves="step",
            ),
            Chart(
                key="means",
                title="Running means",
                read="A text that was written so surprises as much as its entropy says. Near the "
                "cross-entropy, the other model wrote it.",
                about="The band is two standard deviations of the mean, from the varentropy: good "
                "at one place of a long text, where the evidence above is good at all places.",
                draw=means,
                of=("surprisal", "entropy", "varentropy", "cross"),
                controls=(TEXT, MODEL, WARP),
                moves="step",
            ),
            Chart(
                key="verdicts",
                title="All verdicts",
                read="A row a text, a column a hypothesis; the evidence against it at its peak.",
                draw=verdicts,
                of=("peak", "z"),
            ),
            Chart(
                key="words",
                title="The text",
                read="Where it surprises more than expected, and where less.",
                draw=words,
                of=("gap",),
                controls=(TEXT, MODEL, WARP),
            ),
        ),
        examples=(
            Example(
                "which_model_wrote_it_goose",
                "A lighthouse keeper, a goose, and five other texts",
                "What was drawn at T = 1 stays below the line. T = 0.7 and greedy cross it, though "
                "the model wrote them too: the hypothesis has to know how.",
                {"prompt": BEGINNING, "text": GOOSE, "seed": 3},
            ),
        ),
        papers=(
            _paper(
                "A text drawn from the model surprises as much as its entropy says: its evidence "
                "stays under ln 20.",
                0.0,
                _at("peak", "plain", "plain"),
                2.99,
                "Nats of evidence at its peak, with no threshold from the paper: its constants "
                "were not seen. In place of them an e-value, exact at every length.",
                "",
            ),
            _paper(
                "The null is plain sampling: a text drawn at T = 0.7 surprises too little.",
                -5.0,
                _at("z", "warm", "plain"),
                2.0,
                "Found is z of the walk of surprisal − entropy; −4.5 to −5.7 were measured before. "
                "The paper's own texts are drawn with top-p .96, which its theorem does not cover.",
                'panel=means&choices={"means":{"text":"warm"}}',
            ),
            _paper(
                "Read with the warp it was drawn with, the same text is within two deviations.",
                0.0,
                _at("z", "warm", "warm"),
                2.0,
                "z again, with the temperature known.",
                'choices={"gauge":{"warp":"warm"}}',
            ),
            _paper(
                "What the other model writes surprises this one by their cross-entropy.",
                0.0,
                off_cross,
                0.5,
                "Mean surprisal less mean cross-entropy, nats a token.",
                'panel=means&choices={"means":{"text":"other"}}',
            ),
            _paper(
                "Of two models, the odds find the one that wrote a text.",
                45.5,
                odds,
                5.0,
                "Nats of evidence against the wrong model at its peak, of two texts the less; the "
                "entropy alone rejects neither wrong model here. Expected is our first figure.",
                'choices={"gauge":{"bet":"ratio"}}',
            ),
        ),
        guide=(
            "Give a beginning and a text. The model writes four texts from the same beginning, the "
            "other model one; yours is tested beside them. Without another model, this one is "
            "read with some layers left out.",
            "Choose the hypothesis: which model, and how it drew. Texts drawn at a lower "
            "temperature, from few tokens or greedily surprise too little at T = 1, though the "
            "model wrote them. A greedy text has no luck in it, so that no draw explains it.",
            "Not rejected is not proven: a human text whose surprisal happens to be the entropy "
            "passes, and what one model writes may surprise the other as much as that expects. "
            "The odds of the other model then tell. A text to test is cut into tokens as usual; a "
            "model that wrote the same letters with other tokens may seem a stranger.",
        ),
    )
)
