"""What the lens Answers shows: cards by meaning, measures, joined pairs, and one token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.words import one_line
from ...derived import number
from ...derived.answers import (
    OF_GROUPS,
    RULES,
    THRESHOLDS,
    Grouping,
    likeness,
    meanings_of,
    rule_of,
    threshold_of,
)
from ...derived.meanings import Meanings, sweep
from ...errors import InputError
from ...quantities import Quantity
from ...runs.answers import AnswersRun
from ..panels.base import NONE, Area, Panel, Parameters, described, plain_quantity
from ..panels.chart import Chart
from ..panels.parameters import check_names, one_of, switch
from ..parcel import pack
from ._answer_measures import MEASURES

if TYPE_CHECKING:
    from ...charts.base import Spec

ASKED = ("temperature", "rule", "threshold", "chained", "groups", "duplicates")
"""What the reader chooses for all panels at once."""

NUMBERS = ("entropy", "surprisal")
NEAREST = 4
"""Pairs that were not joined, which are shown too."""
NOTES = {
    "cosine": "Cosine is of the topic: Blue and Pale blue lie nearer than 7 and 7 days. No "
    "threshold parts equal from different; answers with different numbers are never joined.",
    "judged": "A small model judges badly: look at the pairs.",
}
NOTES["cosine_asked"] = NOTES["cosine"]


def grouping_of(parameters: Parameters) -> Grouping:
    """Return how answers are joined, as an address says it.

    Raises:
        InputError: a parameter is of no use.
    """
    given, threshold = parameters.get("groups"), parameters.get("threshold")
    return Grouping(
        rule=one_of(parameters, "rule", ("", *RULES)),
        threshold=None if threshold is None else _share(threshold),
        chained=switch(parameters, "chained"),
        given=None if given is None else _numbers(given),
    )


def _share(text: str) -> float:
    try:
        value = float(text[:12])
    except ValueError:
        value = np.nan
    if not 0 <= value <= 1:
        raise InputError(f"threshold is a number from 0 to 1, not {text[:20]!r}.")
    return value


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if len(text) > 200 or not all(each.isascii() and each.isdigit() for each in parts):
        raise InputError("groups are whole numbers with commas, one an answer.")
    return [int(each) for each in parts]


def place_of(run: AnswersRun, parameters: Parameters) -> int:
    """Return the place of the temperature that is looked at; the main one where it is not there.

    Raises:
        InputError: what is asked for is no number.
    """
    text = parameters.get("temperature")
    if text is None:
        return 0
    try:
        value = float(text[:12])
    except ValueError:
        raise InputError(f"temperature is a number, not {text[:20]!r}.") from None
    return next((i for i, each in enumerate(run.request.temperatures) if each == value), 0)


@dataclass(frozen=True, kw_only=True)
class AnswerPanel(Panel):
    """One look at the answers; all share one parcel, so that they change together.

    Attributes:
        mode: "cards", "measures", "pairs" or "token".
    """

    module: ClassVar[str] = "answers"
    mode: str = "cards"
    area: Area = "stage"

    def own_name(self) -> str:
        return self.mode

    def numbers(self) -> tuple[str, ...]:
        return NUMBERS

    def asks(self) -> tuple[str, ...]:
        return ASKED

    def options(self, run_type: type[AnswersRun]) -> dict[str, Any]:
        rules = [{"name": name, "label": label} for name, label in RULES.items()]
        return {"mode": self.mode, "part": "cards", "rules": rules}

    def parcel(self, run: AnswersRun, parameters: Parameters = NONE) -> bytes:
        """Header: answers, groups, measures and pairs; arrays of tokens [Y, N]."""
        check_names(parameters, ASKED)
        place, grouping = place_of(run, parameters), grouping_of(parameters)
        own, rule = meanings_of(run, place, grouping), rule_of(run, place, grouping)
        header = {
            "question": run.request.question,
            "temperatures": list(run.request.temperatures),
            "temperature": place,
            "rule": rule,
            "rules": [each for each in RULES if getattr(run, each, 0) is not None],
            "threshold": threshold_of(rule, grouping) if rule in THRESHOLDS else None,
            "by_hand": grouping.given is not None,
            "note": "" if grouping.given is not None else NOTES.get(rule, ""),
            "answers": self._answers(run, place),
            "groups": own.groups.tolist(),
            "weights": own.weights.tolist(),
            "unsure": _unsure(run, place, own),
            "measures": measures(run, place, own, counted=switch(parameters, "duplicates")),
            "pairs": pairs(run, place, rule, own, by_hand=grouping.given is not None),
            "vocabulary": run.vocabulary,
            "size": run.model.vocab_size,
            "numbers": [described(run, name) for name in NUMBERS],
            "stopped": run.stopped,
            "form": run.request.form,
        }
        arrays = {name: getattr(run, name)[place].astype(np.float32) for name in NUMBERS}
        ids = {name: getattr(run, name)[place] for name in ("token_ids", "top_ids")}
        return pack(header, {**arrays, **ids, "top_logprobs": run.top_logprobs[place]})

    def chart(self, run: AnswersRun, unit: str, parameters: Parameters = NONE) -> Spec | None:
        """Return the cards as lines of coloured tokens, group by group; None in other modes."""
        from ...charts.strip import strip_chart

        if self.mode != "cards":
            return None
        check_names(parameters, ASKED)
        place = place_of(run, parameters)
        own = meanings_of(run, place, grouping_of(parameters))
        entropy = number(run, "entropy")
        tokens: list[str] = []
        values: list[float] = []
        for rank, group in enumerate(np.argsort(-own.sizes, kind="stable").tolist(), 1):
            for answer in np.flatnonzero(own.groups == group).tolist():
                pieces = [each.replace("\n", "↵") for each in run.pieces(place, answer)]
                tokens += [f"{rank}: ", *pieces, "\n"]
                found = entropy.values[place, answer, : len(pieces)].tolist()
                values += [np.nan, *found, np.nan]
        return strip_chart(tokens, np.array(values), entropy.quantity, unit)

    def _answers(self, run: AnswersRun, place: int) -> list[dict[str, Any]]:
        return [
            {
                "text": text,
                "pieces": [one_line(each) for each in run.pieces(place, answer)],
                "ending": run.endings[place][answer],
                "surprisal": float(run.answer_surprisal[place, answer]),
                "p_true": _plain(float(run.p_true[place, answer])),
            }
            for answer, text in enumerate(run.texts[place])
        ]


def _unsure(run: AnswersRun, place: int, own: Meanings) -> dict[str, Any]:
    """Return the entropies that are shown beside each other: of tokens, texts and meanings."""
    values = {
        "token_entropy": float(number(run, "token_entropy").values[place]),
        "text_entropy": own.between_texts,
        "semantic_entropy": own.discrete,
    }
    return {name: {**described(run, name), "value": _plain(each)} for name, each in values.items()}


def measures(run: AnswersRun, place: int, own: Meanings, *, counted: bool) -> list[dict[str, Any]]:
    """Return every measure with its value, what it needs, and what it costs.

    Args:
        run: of which.
        place: of the temperature.
        own: the answers in their groups.
        counted: whether Kuhn's form counts equal answers again and again.
    """
    found = []
    for each in MEASURES:
        name = "kuhn" if each.name == "kuhn_unique" and counted else each.name
        if name in OF_GROUPS:
            quantity, of = OF_GROUPS[name]
            value = of(own)
        else:
            stored = number(run, name)
            quantity = stored.quantity
            known = stored.values[place][np.isfinite(stored.values[place])]
            value = float(known.mean()) if known.size else np.nan
        found.append({
            "name": name, "value": _plain(value), "quantity": plain_quantity(quantity),
            "needs": list(each.needs), "cost": each.cost, "of": each.of,
            "note": each.warning(value, run, place),
        })  # fmt: skip
    return found


def pairs(
    run: AnswersRun, place: int, rule: str, own: Meanings, *, by_hand: bool
) -> list[dict[str, Any]]:
    """Return the pairs of different texts that are joined, and the nearest that are not."""
    texts = run.texts[place]
    alike = likeness(run, place, rule)
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    places = sorted(first.values())
    found = [
        {
            "one": texts[i], "other": texts[j], "there": float(alike[i, j]),
            "back": float(alike[j, i]), "joined": bool(own.groups[i] == own.groups[j]),
        }
        for at, i in enumerate(places) for j in places[at + 1 :]
    ]  # fmt: skip
    joined = [each for each in found if each["joined"]]
    apart = [each for each in found if not each["joined"]]
    apart.sort(key=lambda each: -min(each["there"], each["back"]))
    return joined + (apart[:NEAREST] if rule in THRESHOLDS or by_hand else [])


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class GroupChart(Chart):
    """A chart of the groups as they are chosen on the stage."""

    module: ClassVar[str] = "answers_chart"

    def asks(self) -> tuple[str, ...]:
        return (*super().asks(), *ASKED)


def over_numbers(run: AnswersRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return the semantic entropy that fewer of the same answers would have given."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    own = meanings_of(run, place_of(run, parameters), grouping_of(parameters))
    sizes = list(range(1, own.count + 1))
    drawn = sweep(own, sizes)
    low, high = np.quantile(drawn, [0.1, 0.9], axis=1)
    quantity: Quantity = OF_GROUPS["semantic_entropy"][0]
    most = np.log(sizes)
    lines = [
        Line("semantic entropy", drawn.mean(1), quantity, low=low, high=high),
        Line("the most for so many", most, quantity, "ceiling"),
    ]
    along = Places("answers", [str(each) for each in sizes], "answers", numbers=sizes)
    return along_chart(lines, along, unit)


def over_temperatures(run: AnswersRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return entropies at all temperatures, groups by the chosen rule."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    order = np.argsort(run.request.temperatures)
    chosen = grouping_of({name: each for name, each in parameters.items() if name != "groups"})
    own = [meanings_of(run, int(each), chosen) for each in order]
    temperatures = [run.request.temperatures[each] for each in order]
    of = {name: OF_GROUPS[name] for name in ("text_entropy", "semantic_entropy", "nature")}
    lines = [
        Line(quantity.name, np.array([value(each) for each in own]), quantity)
        for quantity, value in of.values()
    ]
    tokens = number(run, "token_entropy")
    lines.append(Line(tokens.quantity.name, tokens.values[order], tokens.quantity))
    labels = [f"T = {each:g}" for each in temperatures]
    along = Places("temperature", labels, "temperature", counted=False)
    return along_chart(lines, along, unit)


def several(run: Any) -> bool:
    """Tell whether a run has more than one temperature."""
    return len(run.request.temperatures) > 1
