"""The trajectory study: one prompt, many samplers, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from backend.errors import InputError
from backend.runs.arrays import array
from backend.runs.base import RUN_KINDS, Request, Run, check_numbers

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
    prompt: str
    chat: bool = False
    samplers: tuple[Plan, ...]
    steps: int = 64
    seeds: tuple[int, ...] = (0,)
    shared_luck: bool = True
    prefix_ids: tuple[int, ...] = ()
    stop: tuple[str, ...] = ()
    stop_at_end: bool = True
    repetition_penalty: float = 1.0
    top_n: int = 20
    compare: bool = False
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
    entropy: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    varentropy: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    surprisal: np.ndarray = array("float32", "M", "S", "N", nan="anywhere", infinite=True)
    rank: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    kept_count: np.ndarray = array("int32", "M", "S", "N")
    kept_mass: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    final_entropy: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    kl: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
    drawn_probability: np.ndarray = array("float32", "M", "S", "N", nan="anywhere")
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
