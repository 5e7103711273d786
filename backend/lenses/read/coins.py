"""Coins: streams of decisions, the exact probability of one, and what the last ones change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...derived.binary import run_lengths
from ...derived.coins import ALTERNATION, SHARE, fed, negative_recency, switch_shares
from ...runs.coins import NEXT, SAID, CoinsRun
from ..base import Example, Lens, Paper, declare
from ..panels.bars import Bars
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..panels.table import Table

if TYPE_CHECKING:
    from ...charts.base import Spec
    from ...charts.places import Places

STRIPS = {
    "fed_back": "decisions fed back",
    "probability": "probability before each",
    "alone": "decisions alone",
}
LONGEST = 8
"""Runs up to this length are told apart."""


def strips(run: CoinsRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return one strip a stream, from the first decision on."""
    from ...charts.map import map_chart

    name = one_of(parameters, "strips", tuple(STRIPS))
    values = getattr(run, name)
    if not values.size:
        return None
    rows, columns = (places(run, axis, size) for axis, size in zip("QI", values.shape, strict=True))
    return map_chart(values, NEXT if name == "probability" else SAID, rows, columns, unit)


def switching(run: CoinsRun, unit: str, parameters: Parameters) -> Spec:
    """Return how often a run ends next, by its length, fed back and alone."""
    from ...charts.along import Line, along_chart

    rows, alone = fed(run), (run.alone > 0.5).astype(np.int64)
    share = float(rows.mean())
    lines = [
        Line("fed back", switch_shares(rows, LONGEST), ALTERNATION),
        Line("alone", switch_shares(alone, LONGEST), ALTERNATION),
        Line(
            "a coin of this share", np.full(LONGEST, 2 * share * (1 - share)), ALTERNATION, "floor"
        ),
    ]
    return along_chart(lines, _lengths(), unit, label="Ends next")


def lengths(run: CoinsRun, unit: str, parameters: Parameters) -> Spec:
    """Return the share of runs of each length, fed back, and of a coin without memory."""
    from ...charts.along import Line, along_chart

    rows = fed(run)
    found = np.concatenate([run_lengths(row) for row in rows]) if rows.size else np.zeros(0, int)
    counts = np.bincount(found.clip(max=LONGEST), minlength=LONGEST + 1)[1 : LONGEST + 1]
    share = float(rows.mean())
    steps = np.arange(LONGEST)
    # A run is of either word: half begin with each, and go on with that word's share.
    chance = ((1 - share) * share**steps + share * (1 - share) ** steps) / 2
    chance[-1] = (share ** (LONGEST - 1) + (1 - share) ** (LONGEST - 1)) / 2
    lines = [
        Line("fed back", counts / max(len(found), 1), SHARE),
        Line("a coin of this share", chance, SHARE, "floor"),
    ]
    return along_chart(lines, _lengths(), unit, label=f"Share of runs; {LONGEST}: or longer")


def _lengths() -> Places:
    from ...charts.places import Places

    numbers = list(range(1, LONGEST + 1))
    return Places("length of the run", [str(each) for each in numbers], "run", numbers=numbers)


declare(
    Lens(
        kind="coins",
        title="Coins",
        summary="Decisions between two words, alone and in a row: how fair, and with what memory.",
        group="read",
        family="Order",
        icon="casino",
        place=71,
        figures=("exact_share", "fed_share", "alternation", "negative_recency"),
        panels=(
            Chart(
                key="strips",
                title="Streams",
                read="A row is a stream, from the left; bright: the first word. A chequered row "
                "alternates more than a coin.",
                about="Fed back, the model reads its own decisions before the next one. Alone, "
                "every decision comes right after the prompt, drawn from the exact probability.",
                area="stage",
                draw=strips,
                of=("fed_back", "probability", "alone"),
                controls=(Choice("strips", "Show", STRIPS),),
            ),
            Chart(
                key="switching",
                title="Does it switch?",
                read="How often a run of this length ends next. Above the dashed line: it avoids "
                "what was said last, as people do.",
                draw=switching,
                of=("alternation",),
            ),
            Chart(
                key="lengths",
                title="Lengths of runs",
                read="Dashed: a coin of the same share and without memory.",
                draw=lengths,
                of=("fed_share",),
            ),
            Bars(
                title="Forms",
                read="All ways to write either word right after the prompt; the share sums them.",
                of="form_share",
                axis="F",
            ),
            Table(
                title="By stream",
                read="Beyond ±2, chance gives such a number of runs once in twenty.",
                table="streams",
                axes=("Q",),
                of=("stream_share", "stream_alternation", "stream_runs_z"),
            ),
        ),
        examples=(
            Example(
                "coins_yes_no",
                "Yes or no at random",
                "Exactly 57 % yes alone, 41 % when fed back: one by one and in a row are two "
                "different coins.",
                {"prompt": "Answers to a question that is decided at random, yes or no:"},
            ),
            Example(
                "coins_trader",
                "A trader at random",
                "Alone it would buy on 94 % of days; in a row it buys and sells in turn.",
                {
                    "prompt": "A trader decides each day at random whether to buy or sell:",
                    "words": ("buy", "sell"),
                },
            ),
        ),
        papers=(
            Paper(
                38,
                "Decisions sampled in a row differ from independent ones, and alternate more than "
                "a fair coin, as those of people do.",
                "",
                "coins_trader",
                None,
                negative_recency,
                remark="Found is alternation beyond chance. The paper measures GPT models, which "
                "said yes in 32 to 99 % of cases; here the share is exact.",
            ),
        ),
        guide=(
            "Alone, the probability of a word is exact: all its forms right after the prompt, "
            "summed. Nothing is sampled, so nothing but the prompt decides it.",
            "In a row the model sees what it said. Negative recency is the alternation beyond "
            "2p(1 − p); runs never cross from one stream to the next. The next word is drawn among "
            "forms of one token and written in the first of them.",
        ),
    )
)
