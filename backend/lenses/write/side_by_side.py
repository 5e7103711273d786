"""Side by side: several answers to one prompt, agreement and conflicts marked by claim."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.words import one_line
from ...runs.side_by_side import CONFLICTS, LABELS, MOST, SideBySideRun
from ..base import Example, Lens, Paper, declare
from ..panels.base import NONE, Panel, Parameters
from ..panels.chart import Chart
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.table import Column, Table
from ..parcel import pack

if TYPE_CHECKING:
    from ...charts.base import Spec

PAIRS = Choice(
    "pair", "Answers", {f"{i}-{j}": f"{i + 1} and {j + 1}" for i, j in combinations(range(3), 2)}
)
MEANS = {
    "number": "another number",
    "negation": "one says not",
    "name": "another name",
    "extra": "one says more",
    "same": "the same",
    "wording": "other words",
    "unrelated": "no counterpart",
}
"""What a label says, for people, in the order in which labels are tested."""

CITIES = (
    "Berlin is the capital of Germany. It has 3,800,000 inhabitants. It lies on the river Spree. "
    "Its airport is named after Willy Brandt.\n\n"
    "Vienna is the capital of Austria. It has 2,000,000 inhabitants. It lies on the river Danube. "
    "Its airport is named after Schwechat.\n\n"
)


def pair_of(run: SideBySideRun, parameters: Parameters) -> tuple[int, int]:
    """Return the two answers that are shown; the first two where there is no third."""
    chosen = one_of(parameters, "pair", list(PAIRS.values)).split("-")
    pair = int(chosen[0]), int(chosen[1])
    return pair if max(pair) < run.how.shape[1] else (0, min(1, run.how.shape[1] - 1))


@dataclass(frozen=True, kw_only=True)
class Both(Panel):
    """Two answers beside each other, their claims coloured by how they stand to each other."""

    module: ClassVar[str] = "side_by_side"

    def numbers(self) -> tuple[str, ...]:
        return ("overlap",)

    def asks(self) -> tuple[str, ...]:
        return ("pair",)

    def options(self, run_type: type[SideBySideRun]) -> dict[str, Any]:
        return {"choices": [PAIRS.plain()]}

    def parcel(self, run: SideBySideRun, parameters: Parameters = NONE) -> bytes:
        """Header: what the answers continue, labels, and of both the claims with what is marked."""
        pair = pair_of(run, parameters)
        sides = [
            {"answer": mine + 1, "claims": _claims(run, mine, other)}
            for mine, other in (pair, pair[::-1])
        ]
        labels = [{"name": name, "means": means} for name, means in MEANS.items()]
        continued = run.request.form == "as it stands"
        begun = run.request.question.strip().splitlines()[-1:] if continued else []
        return pack({"begun": " ".join(begun)[-120:], "labels": labels, "sides": sides}, {})

    def chart(self, run: SideBySideRun, unit: str, parameters: Parameters = NONE) -> Spec | None:
        return counts(run, unit, parameters)


def _claims(run: SideBySideRun, mine: int, other: int) -> list[dict[str, Any]]:
    found = []
    for place in np.flatnonzero(run.owner[: len(run.claims)] == mine).tolist():
        how, own = int(run.how[place, other]), run.mark[:, 0] == place
        marks = run.mark[own & (run.mark[:, 1] == other)][:, 2:].tolist()
        found.append(
            {
                "row": place,
                "text": run.claims[place],
                "label": LABELS[how] if how >= 0 else "unrelated",
                "partner": int(run.partner[place, other]),
                "marks": marks,
            }
        )
    return found


def counts(run: SideBySideRun, unit: str, parameters: Parameters = NONE) -> Spec:
    """Return how many claims of the first answer stand how to the second."""
    import altair as alt

    from ...charts.bars import named_labels, named_rows
    from ...charts.base import POINTS, finished, tooltip

    mine, other = pair_of(run, parameters)
    own = run.how[run.owner == mine][:, other]
    rows = {
        "place": range(len(LABELS)),
        "label": [f"{each}: {MEANS[each]}" for each in LABELS],
        "claims": [int((own == place).sum()) for place in range(len(LABELS))],
        "conflict": [place < CONFLICTS for place in range(len(LABELS))],
    }
    x = alt.X("claims:Q", axis=None)
    base = alt.Chart(POINTS).encode(y=named_rows("place"), x=x)
    tip = tooltip({"label": "datum.label", "claims": "datum.claims"})
    bars = [
        base.transform_filter(f"datum.conflict === {conflict}").mark_bar(style=style, tooltip=tip)
        for conflict, style in (("true", "here"), ("false", "main"))
    ]
    text = base.mark_text(style="ink", align="left", dx=5, fontSize=12).encode(text="claims:Q")
    chart = alt.layer(*bars, text, named_labels("place"))
    note = f"Claims of answer {mine + 1}, beside answer {other + 1}."
    return finished(chart, unit, {"points": rows}, height=alt.Step(24), note=note)


def rows(run: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> list[Column]:
    """Return answer and text of every claim."""
    count = sizes[0]
    texts = [one_line(run.claims[i]) if i < len(run.claims) else "–" for i in range(count)]
    return [
        Column(name="answer", label="answer", values=[run.answer_of(i) for i in range(count)]),
        Column(name="claim", label="claim", values=texts),
    ]


def conflicts(run: SideBySideRun) -> float:
    """Return the share of claims that conflict with another answer's."""
    return float((run.disagrees > 0).mean())


def _city(name: str, city: str, title: str, note: str) -> Example:
    fields = {"question": f"{CITIES}{city} is the capital of", "form": "as it stands"}
    return Example(f"side_by_side_{name}", title, note, {**fields, "longest": 64})


declare(
    Lens(
        kind="side_by_side",
        title="Side by side",
        summary="Several answers to one prompt, with what they agree on and where they conflict.",
        group="write",
        family="Answers",
        icon="splitscreen_vertical_add",
        place=26,
        panels=(
            Both(
                title="Two answers",
                read="A sentence is a claim, coloured by how it stands to the nearest one of the "
                "other answer. Point at it to see that one.",
                about="Nearest is the sentence with the largest overlap of words. Then the first "
                "that fits counts, in this order: number, negation, name, extra, same, wording; "
                "with less than half in common they are unrelated. Numbers come first because two "
                "different ones are seldom both right; a name that only one has is extra, not a "
                "conflict. What the label speaks of is underlined. The rule knows no meaning.",
                source="The rule is ours. arXiv 2405.05581 found two answers best to read.",
            ),
            Chart(
                key="counts",
                title="Counts",
                read="How many claims of the first answer stand how to the second; conflicts on "
                "top.",
                draw=counts,
                of=("overlap",),
                controls=(PAIRS,),
            ),
            Table(
                title="Claims",
                read="Every claim, how many of the other answers agree or conflict, and how "
                "undecided the model was in it.",
                table="claims",
                axes=("X",),
                of=("agrees", "disagrees", "entropy"),
                sort="disagrees",
                rows=rows,
            ),
        ),
        examples=(
            _city(
                "ouagadougou",
                "Ouagadougou",
                "What does it know of Ouagadougou?",
                "All three say France, and it is Burkina Faso: agreement is no proof. The number "
                "and the river are made up, and differ each time.",
            ),
            _city(
                "budapest",
                "Budapest",
                "What does it know of Budapest?",
                "Hungary and the Danube are right; the number of people differs each time.",
            ),
        ),
        papers=(
            Paper(
                41,
                "Several answers show what one hides: where they conflict, at least one is wrong.",
                "",
                "side_by_side_ouagadougou",
                None,
                conflicts,
                0.0,
                "Found is the share of claims with a conflict. That readers understand more with "
                "two answers, and trust the model less, was found with 252 people and cannot be "
                "computed.",
            ),
        ),
        guide=(
            "Two answers stand beside each other because people understood those best; a third is "
            f"a press away, up to {MOST} are compared in the table.",
            "Agreement is no proof: a model may say the same wrong thing every time. A conflict "
            "says that it does not know.",
            "Own answers, one a row, stand under Options: of other models, or of people.",
        ),
    )
)
