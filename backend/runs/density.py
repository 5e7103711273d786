"""Density: published scores of open models, over time, against one family."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, Run
from .fields import asked
from .model import NO_MODEL, ModelSpec

LLAMA_2 = "Touvron et al. 2023, arXiv 2307.09288, table 3"
MISTRAL = "Jiang et al. 2023, arXiv 2310.06825, table 2"
QWEN_3 = "Qwen Team 2025, arXiv 2505.09388, tables 6 and 7"

DENSING = "Xiao et al. 2024, arXiv 2412.04315; the reference family and its fit are ours."


@dataclass(frozen=True)
class Published:
    """A model's score on MMLU, five examples shown, as printed.

    Attributes:
        day: of its release.
        billions: parameters, as its name says.
        score: 0 to 1.
        source: of the score.
    """

    name: str
    day: date
    billions: float
    score: float
    source: str


def _family(name: str, day: str, source: str, **scores: float) -> list[Published]:
    """Return models of one family; keys are sizes such as b7 or b6_7."""
    when = date.fromisoformat(day)
    sizes = {key: float(key[1:].replace("_", ".")) for key in scores}
    return [
        Published(f"{name} {size:g}B", when, size, scores[key] / 100, source)
        for key, size in sizes.items()
    ]


PUBLISHED: tuple[Published, ...] = (
    *_family("Llama 1", "2023-02-24", LLAMA_2, b7=35.1, b13=46.9, b33=57.8, b65=63.4),
    *_family("MPT", "2023-05-05", LLAMA_2, b7=26.8),
    *_family("Falcon", "2023-05-25", LLAMA_2, b7=26.2, b40=55.4),
    *_family("MPT", "2023-06-22", LLAMA_2, b30=46.9),
    *_family("Llama 2", "2023-07-18", LLAMA_2, b7=45.3, b13=54.8, b34=62.6, b70=68.9),
    *_family("Mistral", "2023-09-27", MISTRAL, b7=60.1),
    *_family("Llama 3", "2024-04-18", QWEN_3, b8=66.60),
    *_family("Qwen2.5", "2024-09-19", QWEN_3, b3=65.62, b7=74.16, b14=79.66),
    *_family("Gemma 3", "2025-03-12", QWEN_3, b4=59.51),
    *_family("Qwen3", "2025-04-29", QWEN_3, b4=72.99, b8=76.89),
)

MOST_MODELS = 200

SIZE = Quantity(
    "Size", "N", "billions", low=1, high=1000, scale="log", digits=1,
    help="Billions of parameters, as the model's name says.", formula=r"N",
    source="The papers that the table names.",
)  # fmt: skip
EFFECTIVE = replace(
    SIZE, name="Effective size", symbol="N̂", low=0.01, missing="scores like guessing",
    help="How large a model of the reference family would have to be to score as well.",
    formula=r"\hat N:\ S_{\mathrm{ref}}(\hat N)=S", source=DENSING,
)  # fmt: skip
DENSITY = Quantity(
    "Density", "ρ", "", low=0.1, high=100, scale="log", missing="scores like guessing",
    help="Effective over actual size: 1 for the reference family.",
    formula=r"\rho=\hat N/N", source=DENSING,
)  # fmt: skip
SCORE = Quantity(
    "MMLU", "S", "%", digits=1, help="Questions answered rightly, five examples shown.",
    formula=r"S", source="The papers that the table names.",
)  # fmt: skip

MODELS = Axis("V", "model", None, lambda run, i: run.models[i].name)


@dataclass(frozen=True, kw_only=True)
class DensityRequest(Request):
    """Ask for the density of published models, and of others.

    Attributes:
        reference: the family whose sizes are counted in.
        others: one a row: name; date; billions of parameters; score in percent.
    """

    kind: ClassVar[str] = "density"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    reference: Literal["Llama 2", "Llama 1"] = asked(
        "Llama 2", label="Reference", help="The family whose sizes are counted in."
    )
    others: tuple[str, ...] = asked(
        (), label="Other models", lines=4,
        help="One a row, such as: My model; 2025-06-01; 1.7; 62.6.",
    )  # fmt: skip

    def models(self) -> list[Published]:
        """Return the published models and the others.

        Raises:
            InputError: a row is none, or there are too many.
        """
        if len(self.others) > MOST_MODELS:
            raise InputError(f"There are {len(self.others)} models; give at most {MOST_MODELS}.")
        return [*PUBLISHED, *(_read(each) for each in self.others)]


def _read(row: str) -> Published:
    try:
        name, day, billions, score = (each.strip() for each in row.split(";"))
        found = Published(
            name[:60], date.fromisoformat(day), float(billions), float(score) / 100, "the reader"
        )
    except ValueError as error:
        raise InputError(
            f"{row[:60]!r} is no model: write name; date; billions; score in percent."
        ) from error
    if not (0.001 <= found.billions <= 1e6 and 0 < found.score < 1):
        raise InputError(f"{row[:60]!r} is no model: a size above 0, a score from 0 to 100.")
    return found


@RUN_KINDS.register("density")
@dataclass(frozen=True, kw_only=True, eq=False)
class DensityRun(Run):
    """V models in the order of ``request.models()``.

    Attributes:
        days: int32 [V], of release since 1 January 2023.
        size, effective: float32 [V], billions of parameters.
        score: float32 [V], 0 to 1.
        density: float32 [V].
        record: bool [V], denser than everything before.
        rate, start: A a day and B of ln density = A t + B through the records.
    """

    kind: ClassVar[str] = "density"
    request: DensityRequest
    days: np.ndarray = array("int32", MODELS)
    size: np.ndarray = array("float32", MODELS, quantity=SIZE)
    effective: np.ndarray = array("float32", MODELS, nan="anywhere", quantity=EFFECTIVE)
    score: np.ndarray = array("float32", MODELS, quantity=SCORE)
    density: np.ndarray = array("float32", MODELS, nan="anywhere", quantity=DENSITY)
    record: np.ndarray = array("bool", MODELS)
    rate: float
    start: float

    @property
    def models(self) -> list[Published]:
        """What each model is."""
        return self.request.models()

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "V": len(PUBLISHED) + len(self.request.others)}

    def check(self) -> None:
        super().check()
        if not (self.size > 0).all():
            raise ValueError("sizes are above 0")
        try:
            self.request.models()
        except InputError as error:
            raise ValueError(str(error)) from error
