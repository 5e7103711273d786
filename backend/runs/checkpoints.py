"""Checkpoints: one text read by a list of models, such as the revisions of one training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .axes import Axis
from .base import RUN_KINDS, Request, TokenizedRun
from .fields import asked, bos_option, reading_text, special_option
from .header import MAX_PATH
from .model import NO_MODEL, ModelFacts, ModelSpec, read_spec, short_name
from .tables import Table, mean_of_known
from .token_numbers import ENTROPY, RANK, SHANNON, SURPRISAL, VARENTROPY

MOST = 64
"""Checkpoints of one run."""

_OF_EACH = "Of every checkpoint. "

CHECKPOINT_SURPRISAL = replace(SURPRISAL, help=_OF_EACH + SURPRISAL.help)
CHECKPOINT_ENTROPY = replace(ENTROPY, help=_OF_EACH + ENTROPY.help)
CHECKPOINT_VARENTROPY = replace(VARENTROPY, help=_OF_EACH + VARENTROPY.help)
CHECKPOINT_RANK = replace(RANK, help=_OF_EACH + RANK.help)
BY_BYTE = Quantity(
    "Surprisal by byte", "s/b", high=3, digits=3,
    help="Surprisal of all tokens that have one, over their bytes of UTF-8.",
    formula=r"\frac{\sum_i s_i}{\sum_i b_i}", source=SHANNON,
)  # fmt: skip

CHECKPOINTS = Axis("V", "checkpoint", None, lambda run, i: run.names[i])


def _specs(models: Any) -> tuple[ModelSpec, ...]:
    """Return models that are written as lines, or given as they are.

    Raises:
        InputError: one of them is neither.
    """
    if isinstance(models, str) or not isinstance(models, Iterable):
        raise InputError("Give a list of models, one by one.")
    return tuple(map(_spec, models))


def _spec(model: Any) -> ModelSpec:
    if isinstance(model, ModelSpec):
        return model
    try:
        return read_spec(model) if isinstance(model, str) else ModelSpec(**model)
    except (AttributeError, TypeError) as error:
        raise InputError(f"{model!r} is no model.") from error


@dataclass(frozen=True, kw_only=True)
class CheckpointsRequest(Request):
    """Ask for the token-level numbers of one text by several models, loaded one after the other.

    Attributes:
        checkpoints: in their order; each a model, or a line such as "owner/name@step1000 in
            float16". At most ``MOST``, none twice; all cut the text into the same tokens.
        add_bos, special_tokens, long_text: as in a text request.
    """

    kind: ClassVar[str] = "checkpoints"
    reads_model: ClassVar[bool] = False
    model: ModelSpec = NO_MODEL
    text: str = reading_text()
    checkpoints: Annotated[tuple[ModelSpec, ...], BeforeValidator(_specs)] = asked(
        (ModelSpec(), ModelSpec(dtype="bfloat16"), ModelSpec(dtype="float16")),
        label="Checkpoints",
        help="One a row, in their order: owner/name@revision, a folder, or bundled; behind it, "
        "if you like, a number type: bundled in float16.",
        lines=3,
    )
    add_bos: bool = bos_option()
    special_tokens: Literal["text", "special"] = special_option()
    long_text: Literal["refuse", "windows"] = asked(
        "refuse",
        label="Longer than a model reads",
        help="A text over a model's context: refuse it, or read it in overlapping windows.",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoints", _specs(self.checkpoints))

    @property
    def names(self) -> list[str]:
        """Short names of the checkpoints, of revisions of one model the revisions alone.

        Their place is added where two would be the same.
        """
        one_model = len({replace(each, revision=None) for each in self.checkpoints}) == 1
        names = [
            each.revision if one_model and each.revision else short_name(each)
            for each in self.checkpoints
        ]
        return [
            f"{name} #{place}" if names.count(name) > 1 else name
            for place, name in enumerate(names, start=1)
        ]


@RUN_KINDS.register("checkpoints")
@dataclass(frozen=True, kw_only=True, eq=False)
class CheckpointsRun(TokenizedRun):
    """Token-level numbers of V checkpoints in nats; position 0 has no prediction: NaN.

    What a stopped study had read is the run of a request for fewer. ``model`` is the first.

    Attributes:
        models: what each turned out to be, by its name.
        surprisal, entropy, varentropy: float32 [V, T]; nats, nats, nats².
        rank: float32 [V, T]; 1 is the most likely token.
    """

    kind: ClassVar[str] = "checkpoints"
    request: CheckpointsRequest
    models: dict[str, ModelFacts]
    surprisal: np.ndarray = array(
        "float32", CHECKPOINTS, "T", nan="first", infinite=True, quantity=CHECKPOINT_SURPRISAL
    )
    entropy: np.ndarray = array(
        "float32", CHECKPOINTS, "T", nan="first", quantity=CHECKPOINT_ENTROPY
    )
    varentropy: np.ndarray = array(
        "float32", CHECKPOINTS, "T", nan="first", quantity=CHECKPOINT_VARENTROPY
    )
    rank: np.ndarray = array("float32", CHECKPOINTS, "T", nan="first", quantity=CHECKPOINT_RANK)

    def axes(self) -> dict[str, int]:
        return {**super().axes(), "V": len(self.request.checkpoints)}

    @property
    def names(self) -> list[str]:
        """What each checkpoint is called."""
        return self.request.names

    def by_byte(self) -> np.ndarray:
        """Return the surprisal of all scored tokens over their bytes, float64 [V], nats a byte.

        NaN where no token is scored; infinite where a checkpoint rules out what came.
        """
        scored = ~np.isnan(self.surprisal).all(0)
        spans = self.offsets[scored]
        first, last = (spans[:, 0].min(), spans[:, 1].max()) if len(spans) else (0, 0)
        octets = len(self.text[first:last].encode("utf-8", "surrogatepass"))
        total = np.where(scored, self.surprisal.astype(np.float64), 0).sum(1)
        return total / octets if octets else np.full(len(total), np.nan)

    def right(self) -> np.ndarray:
        """Return the share of tokens that were the likeliest to each checkpoint, float64 [V]."""
        return mean_of_known(np.where(np.isnan(self.rank), np.nan, self.rank == 1), 1)

    def tables(self) -> dict[str, Table]:
        """Return the tables of tokens and of pairs, and one row a checkpoint."""
        models = [self.models.get(each) for each in self.names]
        means = {f"mean_{name}": getattr(self, name) for name in ("surprisal", "entropy")}
        rows: Table = {
            "checkpoint": self.names,
            "revision": ["" if each is None else each.revision or "" for each in models],
            "weights": ["" if each is None else each.weights for each in models],
            **{f"{name}_nats": mean_of_known(each, 1) for name, each in means.items()},
            "mean_varentropy_nats2": mean_of_known(self.varentropy, 1),
            "by_byte_nats": self.by_byte(),
            "right": self.right(),
        }
        return {**super().tables(), "checkpoints": rows}

    def check(self) -> None:
        super().check()
        if not self.names:
            raise ValueError("there are no checkpoints")
        if max(map(len, self.names)) > MAX_PATH:
            raise ValueError(f"a name has more than {MAX_PATH:,} characters")
        if self.models.keys() - set(self.names):
            raise ValueError("models has a checkpoint that was not asked for")
        for each in self.models.values():
            each.check()
        if (self.rank < 1).any():
            raise ValueError("ranks start at 1")
