"""Translation: an encoder and a decoder at work, every step exactly, on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...charts.words import one_line
from ...runs.translation import CROSS, TranslationRun
from ..base import Example, Lens, declare
from ..panels.base import NONE, Area, Panel, Parameters, described, plain_quantity
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.parameters import one_of
from ..panels.picture import Choice
from ..panels.places import places
from ..parcel import pack

if TYPE_CHECKING:
    from ...charts.base import Spec

MEAN = "all heads"
HEADS = {MEAN: MEAN} | {f"{i}.{j}": f"layer {i}, head {j}" for i in range(2) for j in range(8)}
NUMBERS = ("entropy", "surprisal", "rank")


def looks(run: TranslationRun, head: str) -> np.ndarray:
    """Return attention to the source, float32 [T, U]: of a head, or the mean of all."""
    layer, _, number = head.partition(".")
    if head == MEAN or int(layer) >= run.cross.shape[0] or int(number) >= run.cross.shape[1]:
        return run.cross.mean((0, 1), dtype=np.float64).astype(np.float32)
    return run.cross[int(layer), int(number)]


@dataclass(frozen=True, kw_only=True)
class Translated(Panel):
    """Source and translation, or, as ``step``, what was expected of one token.

    Attributes:
        mode: "both" or "step".
    """

    module: ClassVar[str] = "translation"
    mode: str = "both"
    area: Area = "stage"

    def numbers(self) -> tuple[str, ...]:
        return NUMBERS

    def asks(self) -> tuple[str, ...]:
        return ("head",)

    def options(self, run_type: type[TranslationRun]) -> dict[str, Any]:
        choice = Choice("head", "Attention of", HEADS)
        return {"mode": self.mode, "choices": [choice.plain()] if self.mode == "both" else []}

    def parcel(self, run: TranslationRun, parameters: Parameters = NONE) -> bytes:
        """Header: source, target, first, looks, vocabulary, size and numbers; arrays by name."""
        head = one_of(parameters, "head", list(HEADS))
        ends = run.special
        header = {
            "source": [one_line(each) for each in run.source_tokens],
            "target": ["" if end else each for each, end in zip(run.tokens, ends, strict=True)],
            "first": int(np.nan_to_num(run.entropy).argmax()) if len(run.entropy) else 0,
            "looks": plain_quantity(CROSS),
            "vocabulary": run.vocabulary,
            "size": run.model.vocab_size,
            "numbers": [described(run, each) for each in NUMBERS],
        }
        arrays = {each: getattr(run, each).astype(np.float32) for each in NUMBERS}
        arrays |= {"attention": looks(run, head), "top_ids": run.top_ids, "ids": run.token_ids}
        return pack(header, {**arrays, "top_logprobs": run.top_logprobs})

    def chart(self, run: TranslationRun, unit: str, parameters: Parameters = NONE) -> Spec | None:
        from ...charts.map import map_chart

        if self.mode != "both":
            return None
        values = looks(run, one_of(parameters, "head", list(HEADS)))
        rows, columns = (
            places(run, axis, size) for axis, size in zip("TU", values.shape, strict=True)
        )
        return map_chart(values, CROSS, rows, columns, unit)


def by_step(run: TranslationRun, unit: str, parameters: Parameters) -> Spec:
    """Return entropy and surprisal of every step."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places
    from ...derived import number

    found = [number(run, name) for name in NUMBERS[:2]]
    names = [f"{place} {one_line(each)}" for place, each in enumerate(run.tokens)]
    lines = [Line(each.quantity.name, each.values, each.quantity) for each in found]
    return along_chart(lines, Places("step", names, "token"), unit, label="Of a step")


declare(
    Lens(
        kind="translation",
        title="Translation",
        summary="A translator at work: how sure each step is, and where in the source it looks.",
        group="many",
        family="Scaling",
        icon="translate",
        place=42,
        panels=(
            Translated(
                key="both",
                title="Source and translation",
                read="Below, each token by its entropy; above, by how much the pinned one looks "
                "at it. Point at the source to see who looks there.",
            ),
            Translated(
                key="expected_step",
                title="This step",
                read="What was expected here, and where it looked.",
                mode="step",
                area="inspector",
            ),
            Map(
                title="Attention to the source",
                read="A row a step, a column a token of the source; the mean of all heads.",
                of="cross",
                axes=("T", "U"),
                area="timeline",
            ),
            Chart(
                key="steps",
                title="By step",
                read="Where entropy is high, another word would have done.",
                draw=by_step,
                of=NUMBERS[:2],
                moves="token",
            ),
            Map(
                title="Heads of the decoder",
                read="How widely each head looks over the source, the mean of both layers.",
                of="cross_entropy",
                axes=("H", "T"),
                area="timeline",
            ),
            Map(
                title="Within the encoder",
                read="How widely a token of the source looks over the source, layer by layer.",
                of="encoder_entropy",
                axes=("E", "U"),
                area="timeline",
            ),
        ),
        examples=(
            Example(
                "translation_bank",
                "The bank of a river",
                "‘Bank’ becomes ‘margem’, by the river, not ‘banco’: the decoder looks at both "
                "words. It is least sure of ‘caminhamos’.",
                {"source": "The river bank was closed, so we walked along the bank."},
            ),
            Example(
                "translation_banco",
                "O banco da praça",
                "The other way: ‘banco’ is a bank or a bench, and the entropy says so.",
                {
                    "source": "Ela esperou no banco da praça até o banco abrir.",
                    "direction": "Portuguese → English",
                },
            ),
        ),
        guide=(
            "The encoder reads the whole source at once, both ways; the decoder writes one token "
            "after the other and looks at the source at every step. Its weights are those of "
            "Firefox Translations, by Mozilla under MPL-2.0, run here in our own code over the "
            "whole vocabulary.",
            "Under Options a translation can be given: it is then scored, not written.",
        ),
    )
)
