"""Holes: what stands in a hole of a text, with and without its right side."""

from __future__ import annotations

from ...charts.words import visible
from ...derived import holes as of
from ...runs.holes import HolesRun
from ..base import Example, Lens, Paper, declare
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.table import Column, Table
from ._holes_charts import SEEN, SHOWN, by_and_by, ribbons


def _rows(run: HolesRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    own = run.own.tolist()
    words = [f"{visible(run.word(i))}{' (yours)' * yours}" for i, yours in enumerate(own)]
    return [Column(name="word", label="word", values=words)]


def own_share(run: HolesRun) -> float:
    """Return the share of the reader's first word by both sides."""
    found = of.after(run)[run.own]
    return float(found[0]) if found.size else float("nan")


def fall(run: HolesRun) -> float:
    """Return by how much the right side lowers the entropy of the hole, nats."""
    return of.entropy_before(run) - of.entropy_after(run)


PRODUCT = """def product(items):
    result = ___
    for item in items:
        result *= item
    return result
"""
LOOP = """def show(names):
    for ___ in names:
        print(person)
"""

declare(
    Lens(
        kind="holes",
        title="Holes",
        summary="What belongs into a hole of a text, by its left side alone and by both sides.",
        group="write",
        icon="space_bar",
        place=38,
        figures=("entropy_before", "entropy_after", "told_by_right"),
        panels=(
            Chart(
                key="ribbons",
                title="Left side, both sides",
                read="A ribbon is a word: its share among those listed, before and after what "
                "stands right of the hole is seen. Names stand where there is room; point at a "
                "ribbon for the others.",
                about="Every word is put into the hole, and the model says how likely what follows "
                "then is: its share by both sides is that by the left side times this. Where a "
                "tokenizer owns tokens for a hole, a third bar has what the model infills itself.",
                area="stage",
                draw=ribbons,
                of=("before", "after", "filled"),
                controls=(SEEN,),
            ),
            Chart(
                key="by_and_by",
                title="As the right side is seen",
                read="From nothing of the right side to all of it, token by token.",
                draw=by_and_by,
                of=("after",),
                controls=(SHOWN,),
            ),
            Map(
                title="What follows, by word",
                read="A row a word in the hole, a column a token behind it: bright tokens would be "
                "a surprise.",
                of="surprisal",
                axes=("X", "Q"),
                area="timeline",
            ),
            Table(
                title="Words",
                read="All words that are listed; at least: of all words there are, under the "
                "condition above the picture.",
                table="words",
                axes=("X",),
                of=("before", "after", "least", "filled"),
                sort="after",
                rows=_rows,
            ),
        ),
        examples=(
            Example(
                "holes_product",
                "Where a product begins",
                "Behind “result =” the model would begin with nearly anything; two lines further "
                "down there is a product, and only 1 is left.",
                {"text": PRODUCT, "own": ("1",)},
            ),
            Example(
                "holes_loop",
                "A name that comes later",
                "The loop prints person: from one share in fourteen it becomes certain.",
                {"text": LOOP, "own": ("person",)},
            ),
            Example(
                "holes_rome",
                "Which capital?",
                "Rome is the 41st guess without the right side, and certain with it. Little is "
                "covered all the same: a quarter of what may follow is not listed.",
                {"text": "My sister lives in ___, the capital of Italy.", "own": ("Rome",)},
            ),
            Example(
                "holes_dog",
                "The dog that is not found",
                "A dog barks, but behind “The” alone it is so rare that ’s stays ahead; nothing is "
                "covered, and the picture says so.",
                {"text": "The ___ barked at the postman and wagged its tail.", "own": ("dog",)},
            ),
        ),
        papers=(
            Paper(
                29,
                "A causal model can fill a hole by what stands right of it: behind “result =” a "
                "product has to begin with 1.",
                "",
                "holes_product",
                0.996,
                own_share,
                0.003,
                "The paper trains one model on text and on spans moved to the end, and finds no "
                "cost. The bundled model was never trained so; it is asked by Bayes' rule, exact "
                "among the words that are listed. Models whose tokenizer owns the tokens of a hole "
                "are asked both ways. Found is the share of 1, from .32 by the left side alone.",
            ),
            Paper(
                29,
                "What stands right of a hole lowers its entropy: here from 1.97 nats to .01.",
                "panel=by_and_by",
                "holes_loop",
                1.96,
                fall,
                0.02,
                "Over 17 holes of our own it fell in all, by 1.88 nats on average. It need not: "
                "where the left side is sure and wrong, the entropy rises while the right side "
                "tells much.",
            ),
        ),
        guide=(
            "Write a text with one hole, ___, and run it. The likeliest words behind the left side "
            "are tried, with yours beside them. A blank alone opens a number or a rare word, so "
            "that its 16 likeliest next tokens are tried in its place.",
            "Choose how much of the right side may be seen: the ribbons move, and nothing is read "
            "again. What the right side tells is never below 0, even where the entropy rises.",
            "Shares are of the words listed, and of single tokens unless yours have more. What is "
            "covered holds only if no other word explains the right side better than the best one "
            "listed; try more words, or your own, where it is small.",
            "At most the first 32 tokens of the right side are read.",
        ),
    )
)
