"""The trajectory study: one prompt, many samplers, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np

from ..errors import InputError
from ..quantities import Quantity
from .arrays import array
from .base import RUN_KINDS, Request, Run, check_numbers
from .fields import asked
from .tables import Table, add_column
from .token_numbers import ENTROPY, RANK, SURPRISAL, VARENTROPY

_ENDED = "the text had ended"
_SAMPLERS = "docs/samplers.md names the source of every sampler."


def _raw(quantity: Quantity, help: str) -> Quantity:
    return replace(quantity, help=help, missing=_ENDED, pieces=None)


RAW_ENTROPY = _raw(
    ENTROPY, "How undecided the model was before this token; raw, over the whole vocabulary."
)
RAW_SURPRISAL = _raw(SURPRISAL, "−log of what the model gave the drawn token, before the sampler.")
RAW_VARENTROPY = _raw(VARENTROPY, VARENTROPY.help)
RAW_RANK = _raw(RANK, "Place of the drawn token among all the model offered: 1 is the likeliest.")
FINAL_ENTROPY = replace(
    RAW_ENTROPY, name="Entropy after the sampler", symbol="H′",
    help="Of the distribution the token was drawn from.",
    formula=r"-\sum_v q_i(v)\ln q_i(v)",
)  # fmt: skip
KEPT_COUNT = Quantity(
    "Tokens kept", "n", "tokens", low=1, high=1000, scale="log", missing=_ENDED, digits=0,
    help="How many tokens the sampler let through.", formula=r"|\{v: q_i(v)>0\}|",
    source=_SAMPLERS,
)  # fmt: skip
KEPT_MASS = Quantity(
    "Kept mass", "m", "%", missing=_ENDED, digits=1,
    help="The model's own probability of all kept tokens together.",
    formula=r"\sum_{v:\,q_i(v)>0}p_i(v)", source=_SAMPLERS,
)  # fmt: skip
DRAWN_PROBABILITY = Quantity(
    "Drawn with", "q", "%", missing=_ENDED, digits=1,
    help="The probability of the drawn token after the sampler.", formula=r"q_i(x_i)",
    source=_SAMPLERS,
)  # fmt: skip
KL = Quantity(
    "KL to the model", "KL", high=3, missing=_ENDED,
    help="How far the sampler's distribution is from the model's: KL(final ‖ raw).",
    formula=r"\sum_v q_i(v)\ln\frac{q_i(v)}{p_i(v)}",
    source="Kullback and Leibler 1951, On Information and Sufficiency.",
)  # fmt: skip

UNIT_WORDS = {"%": "probability"}
"""How a file writes the unit of a sampler's own number, where a ``Quantity`` says it otherwise."""

MAX_SAMPLERS = 12
MAX_ROWS = 96
MAX_STEPS = 1024

Ending = Literal["length", "end", "stop", "stopped"]
"""Why a trajectory ended: all steps done, end-of-sequence token, stop string, study stopped."""


@dataclass(frozen=True)
class SamplerSpec:
    """A sampler by name; parameters left out have their defaults. Runs have all of them."""

    name: str
    parameters: dict[str, float | int | str] = field(default_factory=dict)


Plan = tuple[SamplerSpec, ...]
"""Samplers applied one after the other; mostly one."""


@dataclass(frozen=True)
class Origin:
    """Where a branch left another run: its key, the row, and how many steps it shares."""

    run: str
    sampler: int
    seed: int
    step: int


@dataclass(frozen=True, kw_only=True)
class TrajectoryRequest(Request):
    """Ask for continuations of ``prompt``, one for every sampler and seed.

    Attributes:
        prompt: plain text, or what the user says in a chat.
        chat: put the prompt into the model's chat template.
        samplers: one plan for each row of trajectories; see ``plans``.
        steps: the most tokens to decode.
        seeds: one trajectory of every sampler for each.
        shared_luck: equal seeds mean equal luck for all samplers, so that texts part because of
            the samplers; otherwise luck also depends on the sampler and its parameters.
        prefix_ids: tokens already chosen after the prompt, for branches. Samplers with a memory
            live through them.
        stop: strings that end a trajectory once they have been written.
        stop_at_end: whether an end-of-sequence token ends it too.
        repetition_penalty: as in transformers; 1 is off. Raw numbers are from before it.
        top_n: how many of the most likely tokens to keep per step.
        compare: apply every sampler to the distribution of every trajectory, not only to its own.
            Costs sampler work times the number of samplers.
        origin: for people and trees; changes no number.
    """

    kind: ClassVar[str] = "trajectories"
    prompt: str = asked(
        label="Prompt", help="What the model goes on from.", filled="prompt", lines=4
    )
    chat: bool = asked(
        False, label="As a chat message", help="Put the prompt into the model's chat template."
    )
    samplers: tuple[Plan, ...] = asked(
        label="Samplers",
        help="One row of texts for each; a chain applies several in turn.",
        own=True,
    )
    steps: int = asked(64, label="Steps", low=1, high=1024, help="The most tokens to decode.")
    seeds: tuple[int, ...] = asked(
        (0,), label="Seeds", help="One text of every sampler for each.", own=True
    )
    shared_luck: bool = asked(
        True,
        label="Shared luck",
        help="Equal seeds mean equal luck for all samplers, so that texts part because of the "
        "samplers.",
    )
    prefix_ids: tuple[int, ...] = ()
    stop: tuple[str, ...] = asked(
        (), label="Stop strings", help="End a text once one of them is written."
    )
    stop_at_end: bool = asked(
        True, label="Stop at the end token", help="An end-of-sequence token ends a text."
    )
    repetition_penalty: float = asked(
        1.0,
        label="Repetition penalty",
        low=0.5,
        high=3,
        help="As in transformers; 1 is off. Raw numbers are from before it.",
    )
    top_n: int = asked(
        20, label="Tokens kept", low=1, high=1000, help="The most likely tokens kept at every step."
    )
    compare: bool = asked(
        False,
        label="Compare samplers",
        help="Apply every sampler to the distribution of every text, not only to its own.",
    )
    origin: Origin | None = None


@RUN_KINDS.register("trajectories")
@dataclass(frozen=True, kw_only=True, eq=False)
class TrajectoryRun(Run):
    """M samplers × S seeds × N steps; nats. Cells after a trajectory's end are empty.

    Empty is NaN in float arrays, −1 in ids, 0 in counts. "Raw" is the model's distribution over
    the full vocabulary, "final" the one the token was drawn from.

    Attributes:
        prompt_text: what the model read, template included; ``prompt_ids`` int32 [P].
        labels: of the samplers, all different.
        texts: what each trajectory says, [M][S]; a branch begins with its prefix.
        endings: why each ended, [M][S].
        lengths: int32 [M, S]; steps done.
        token_ids: int32 [M, S, N].
        offsets: int32 [M, S, N, 2]; characters of the text after the prefix, as in
            ``TokenizedRun``; ``groups`` int32 [M, S, N] likewise.
        entropy, varentropy, surprisal, rank: raw, float32 [M, S, N].
        kept_count: int32 [M, S, N]; ``kept_mass``: their raw probability.
        final_entropy: of what was drawn from; ``kl``: its divergence from raw, KL(final‖raw).
        drawn_probability: final probability of the drawn token.
        raw_top_ids, raw_top_logprobs: [M, S, N, K]; most likely first.
        final_top_ids, final_top_probs: [M, S, N, K]; probability 0 where fewer were kept.
        details: what the samplers tell, by name, float32 [M, S, N].
        detail_labels: what these names mean, with the unit; under "2:name" where sampler 2 means
            something else by one. See ``detail_label``.
        step_seconds: float32 [N]; of all trajectories together, from the end of the step before to
            the end of this one. The first has no forward pass: its token follows from the prompt.
        compare_*: what sampler A would have kept of the distribution of (M, S) at step N; a
            sampler with a memory judges with what it had in its own trajectory of that seed, at
            the end of it once that has ended.
            Count, raw mass, entropy, and the probabilities [A, M, S, N, K] it gives to
            ``raw_top_ids``.
        vocabulary: display text of every id above, by id as a string.
        special_ids: ids with a control meaning.
        stopped: whether the reader stopped the study before its end.
    """

    kind: ClassVar[str] = "trajectories"
    request: TrajectoryRequest
    prompt_text: str
    labels: list[str]
    texts: list[list[str]]
    endings: list[list[Ending]]
    prompt_ids: np.ndarray = array("int32", "P")
    lengths: np.ndarray = array("int32", "M", "S")
    token_ids: np.ndarray = array("int32", "M", "S", "N")
    offsets: np.ndarray = array("int32", "M", "S", "N", 2)
    groups: np.ndarray = array("int32", "M", "S", "N")
    entropy: np.ndarray = array("float32", "M", "S", "N", nan="anywhere", quantity=RAW_ENTROPY)
    varentropy: np.ndarray = array(
        "float32", "M", "S", "N", nan="anywhere", quantity=RAW_VARENTROPY
    )
    surprisal: np.ndarray = array(
        "float32", "M", "S", "N", nan="anywhere", infinite=True, quantity=RAW_SURPRISAL
    )
    rank: np.ndarray = array("float32", "M", "S", "N", nan="anywhere", quantity=RAW_RANK)
    kept_count: np.ndarray = array("int32", "M", "S", "N", quantity=KEPT_COUNT)
    kept_mass: np.ndarray = array("float32", "M", "S", "N", nan="anywhere", quantity=KEPT_MASS)
    final_entropy: np.ndarray = array(
        "float32", "M", "S", "N", nan="anywhere", quantity=FINAL_ENTROPY
    )
    kl: np.ndarray = array("float32", "M", "S", "N", nan="anywhere", quantity=KL)
    drawn_probability: np.ndarray = array(
        "float32", "M", "S", "N", nan="anywhere", quantity=DRAWN_PROBABILITY
    )
    raw_top_ids: np.ndarray = array("int32", "M", "S", "N", "K")
    raw_top_logprobs: np.ndarray = array(
        "float32", "M", "S", "N", "K", nan="anywhere", infinite=True
    )
    final_top_ids: np.ndarray = array("int32", "M", "S", "N", "K")
    final_top_probs: np.ndarray = array("float32", "M", "S", "N", "K", nan="anywhere")
    step_seconds: np.ndarray = array("float32", "N", nan="anywhere")
    details: dict[str, np.ndarray] = array(
        "float32", "M", "S", "N", nan="anywhere", infinite=True, many=True
    )
    compare_count: np.ndarray | None = array("int32", "M", "M", "S", "N", optional=True)
    compare_mass: np.ndarray | None = array(
        "float32", "M", "M", "S", "N", nan="anywhere", optional=True
    )
    compare_entropy: np.ndarray | None = array(
        "float32", "M", "M", "S", "N", nan="anywhere", optional=True
    )
    compare_probs: np.ndarray | None = array(
        "float32", "M", "M", "S", "N", "K", nan="anywhere", optional=True
    )
    detail_labels: dict[str, str] = field(default_factory=dict)
    vocabulary: dict[str, str] = field(default_factory=dict)
    special_ids: list[int] = field(default_factory=list)
    stopped: bool = False

    def axes(self) -> dict[str, int]:
        request = self.request
        sizes = {"M": len(request.samplers), "S": len(request.seeds), "N": request.steps}
        return {**super().axes(), **sizes, "P": len(self.prompt_ids)}

    def detail_label(self, name: str, sampler: int) -> str:
        """Return what a detail means for the sampler at a place, with the unit in brackets."""
        shared = self.detail_labels.get(name, name)
        return self.detail_labels.get(f"{sampler}:{name}", shared)

    def detail_quantity(self, name: str, sampler: int) -> Quantity:
        """Return the same as a quantity, whose unit is that of the stored numbers."""
        label, _, unit = self.detail_label(name, sampler).removesuffix("]").partition(" [")
        words = {word: unit for unit, word in UNIT_WORDS.items()}
        return Quantity(label, unit=words.get(unit, unit), digits=3, missing=_ENDED)

    def check(self) -> None:
        super().check()
        rows, seeds, steps = self.token_ids.shape
        for name, value in (("texts", self.texts), ("endings", self.endings)):
            if len(value) != rows or any(len(row) != seeds for row in value):
                raise ValueError(f"{name} has not one entry a trajectory")
        if len(self.labels) != rows or len(set(self.labels)) != rows:
            raise ValueError("labels are not one a sampler, all different")
        check_numbers(self.vocabulary, "vocabulary")
        if self.lengths.min() < 0 or self.lengths.max() > steps:
            raise ValueError("lengths are beyond the steps")
        done = np.arange(steps) < self.lengths[:, :, None]
        if (self.token_ids[done] < 0).any():
            raise ValueError("a step that was done has no token")
        used = [self.token_ids[done], self.raw_top_ids[done], self.final_top_ids[done]]
        ids = np.unique(np.concatenate([each.ravel() for each in used]))
        missing = {str(each) for each in ids} - self.vocabulary.keys()
        if missing:
            raise ValueError(f"vocabulary has no text for token {min(missing)}")

    def token(self, token_id: int) -> str:
        """Return the display text of an id."""
        return self.vocabulary[str(int(token_id))]

    def tables(self) -> dict[str, Table]:
        done = np.arange(self.token_ids.shape[2]) < self.lengths[:, :, None]
        sampler, seed, step = np.nonzero(done)
        ids = self.token_ids[done]
        steps: Table = {
            "sampler": [self.labels[each] for each in sampler],
            "seed": [self.request.seeds[each] for each in seed],
            "step": step,
            "id": ids,
            "text": [self.token(each) for each in ids],
            "start": self.offsets[done][:, 0],
            "end": self.offsets[done][:, 1],
            "group": self.groups[done],
            "entropy_nats": self.entropy[done],
            "varentropy_nats2": self.varentropy[done],
            "surprisal_nats": self.surprisal[done],
            "rank": self.rank[done],
            "kept_count": self.kept_count[done],
            "kept_mass": self.kept_mass[done],
            "final_entropy_nats": self.final_entropy[done],
            "kl_nats": self.kl[done],
            "drawn_probability": self.drawn_probability[done],
        }
        for name, value in self.details.items():
            add_column(steps, name, value[done])
        found = {"steps": steps, "tops": self._tops()}
        return found if self.compare_count is None else found | {"compared": self._compared(done)}

    def _tops(self) -> Table:
        """Return the most likely tokens of every step, raw and after the sampler."""
        known = (self.raw_top_ids >= 0) | (self.final_top_ids >= 0)
        sampler, seed, step, place = np.nonzero(known)
        raw, final = self.raw_top_ids[known], self.final_top_ids[known]
        return {
            "sampler": [self.labels[each] for each in sampler],
            "seed": [self.request.seeds[each] for each in seed],
            "step": step,
            "place": place + 1,
            "raw_id": raw,
            "raw_text": [self.vocabulary.get(str(each), "") for each in raw],
            "raw_logprob_nats": self.raw_top_logprobs[known],
            "final_id": final,
            "final_text": [self.vocabulary.get(str(each), "") for each in final],
            "final_probability": self.final_top_probs[known],
        }

    def _compared(self, done: np.ndarray) -> Table:
        """Return what every sampler would have kept at every step of every trajectory."""
        places = np.broadcast_to(done, (len(self.labels), *done.shape))
        judge, sampler, seed, step = np.nonzero(places)
        table: Table = {
            "judging_sampler": [self.labels[each] for each in judge],
            "sampler": [self.labels[each] for each in sampler],
            "seed": [self.request.seeds[each] for each in seed],
            "step": step,
        }
        for name, column in (
            ("compare_count", "kept_count"),
            ("compare_mass", "kept_mass"),
            ("compare_entropy", "entropy_nats"),
        ):
            values = getattr(self, name)
            if values is not None:
                table[column] = values[places]
        return table


def plans(samplers: Sequence[Any]) -> tuple[Plan, ...]:
    """Return what people write as samplers in the form requests carry.

    Each entry is a name (``"top_p"``), a name with parameters (``("top_p", {"p": 0.9})`` or
    ``{"name": "top_p", "p": 0.9}``), a sampler, a ``SamplerSpec``, or a list of these: a chain.

    Raises:
        InputError: an entry is none of these.
    """
    if isinstance(samplers, str) or not isinstance(samplers, Sequence):
        raise InputError("samplers is a list, for example ['greedy', ('top_p', {'p': 0.9})].")
    return tuple(_plan(each) for each in samplers)


def _plan(entry: Any) -> Plan:
    if isinstance(entry, list) or (isinstance(entry, tuple) and not _is_pair(entry)):
        return tuple(link for each in entry for link in _plan(each))
    links = getattr(entry, "samplers", None)
    if isinstance(links, tuple):  # a chain
        return _plan(list(links))
    return (_spec(entry),)


def _is_pair(entry: tuple) -> bool:
    return len(entry) == 2 and isinstance(entry[0], str) and isinstance(entry[1], Mapping)


def _spec(entry: Any) -> SamplerSpec:
    if isinstance(entry, SamplerSpec):
        return entry
    if isinstance(entry, str):
        return SamplerSpec(entry)
    if isinstance(entry, tuple):
        return SamplerSpec(entry[0], dict(entry[1]))
    if isinstance(entry, Mapping) and "name" in entry:
        given = {name: value for name, value in entry.items() if name != "name"}
        return SamplerSpec(entry["name"], given)
    values = getattr(entry, "values", None)
    if isinstance(values, dict):  # a sampler
        return SamplerSpec(getattr(entry, "name", ""), dict(values))
    raise InputError(f"{entry!r} is not a sampler; give a name such as 'top_p'.")
