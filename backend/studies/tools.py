"""The tools study: one chain with calls answered as they come, then branches from its peaks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..decoding.endings import end_ids
from ..decoding.tools import answered, call_at_end
from ..derived.branching import segment_score
from ..errors import OverBudgetError
from ..measures.distribution import entropy, with_64_bits
from ..models.memory import study_memory
from ..reading.continuations import behind, context_ids
from ..reading.footprint import forward_bytes
from ..runs.tools import CALL, RESULT, WINDOWS, WRITTEN, ToolsRequest, ToolsRun
from .base import STUDIES, Estimate, Progress, Report, provenance
from .difficulty import drawn, is_right

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.past import Past

HEAD = """\
Q: How much is 12 times 7, plus 5?
A: First I multiply. [calc: 12 * 7] = 84. Then I add. [calc: 84 + 5] = 89. The answer is 89.

Q: How many people live in Italy and Malta together?
A: I look up both. [look: Italy] = 59 million. [look: Malta] = 1 million. Then I add. \
[calc: 59 + 1] = 60. The answer is 60.

Q: Tom has 30 apples and gives away 4 bags of 6. How many are left?
A: First I multiply. [calc: 4 * 6] = 24. Then I subtract. [calc: 30 - 24] = 6. The answer is 6.

Q: How many people live in Austria and Fiji together?
A: I look up both. [look: Austria] = 9 million. [look: Fiji] = 1 million. Then I add. \
[calc: 9 + 1] = 10. The answer is 10.

"""
"""How tools are called, by example."""
LONGEST_RESULT = 24
"""Tokens of a tool's result at most; the rest of a fact is left out, and marked so."""


@dataclass
class Path:
    """A text that is written: its tokens, what kind each is, and the entropy it was drawn at."""

    ids: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    begins: int = 0

    def part(self, stop: int) -> Path:
        """Return a new path that begins with the first ``stop`` tokens of this one."""
        return Path(self.ids[:stop], self.kinds[:stop], self.entropies[:stop], stop)

    @property
    def written(self) -> int:
        """How many tokens the model wrote itself."""
        return sum(each != RESULT for each in self.kinds)

    @property
    def ends_of_results(self) -> list[int]:
        """The steps behind the results of tools."""
        following = [*self.kinds[1:], WRITTEN]
        pairs = enumerate(zip(self.kinds, following, strict=True), 1)
        return [at for at, (own, then) in pairs if own == RESULT and then != RESULT]


class ToolsStudy:
    """Writes one path after the other."""

    kind = "tools"

    def estimate(self, model: LanguageModel, request: ToolsRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: no question, a row that is no fact, or a number out of range.
            OverBudgetError: question and paths are longer than the model reads.
        """
        request.known()
        facts = model.facts
        most = request.longest + request.calls * LONGEST_RESULT
        prompt = len(_prompt(model, request))
        if facts.context is not None and prompt + most > facts.context:
            raise OverBudgetError(
                f"Question and path have {prompt + most:,} tokens; {facts.name} reads "
                f"{facts.context:,}."
            )
        held = 4 * facts.kv_width * facts.layers * (prompt + most) * model.dtype.itemsize
        paths = 1 + request.peaks * request.branches
        work = (prompt + paths * request.longest) * facts.parameters
        reading = forward_bytes(model, max(prompt, paths), prompt + most)
        return Estimate(paths * (held + 60 * facts.vocab_size) + reading, float(work))

    def run(self, model: LanguageModel, request: ToolsRequest, report: Report) -> ToolsRun:
        """Write the first chain, score its segments, and continue the highest anew.

        Raises:
            InputError, OverBudgetError: as ``estimate``.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        self.estimate(model, request)
        with study_memory("Writing", model.facts.device):
            writer = _Writer(model, request, report)
            paths = [Path()]
            writer.write(paths, [request.seed])
            scores = scored(paths[0], WINDOWS[request.windows])
            order = sorted(range(len(scores)), key=lambda each: (-scores[each][0], each))
            peaks = [scores[each][2] for each in order[: request.peaks]]
            branches = [paths[0].part(stop) for stop in peaks for _ in range(request.branches)]
            if branches:
                writer.write(branches, [request.seed + 1 + each for each in range(len(branches))])
            paths += branches
        return _to_run(model, request, paths, scores, started)


STUDIES.register(ToolsStudy.kind)(ToolsStudy())


def scored(path: Path, windows: tuple[int, ...]) -> list[tuple[float, int, int]]:
    """Return score, first step and step to branch from of each segment of a path.

    A segment ends with the result of a tool, or with the path; a tool's tokens have no entropy and
    do not count. A branch leaves after the n tokens of the best mean, yet one token before the
    model's own part ends at the latest: behind it, nothing is left to be written otherwise.
    """
    found, start = [], 0
    for stop in [*path.ends_of_results, len(path.ids)]:
        own = [
            value for value, kind in zip(
                path.entropies[start:stop], path.kinds[start:stop], strict=True
            ) if kind != RESULT
        ]  # fmt: skip
        if own:
            score, length = segment_score(np.array(own), windows)
            found.append((score, start, start + min(length, len(own) - 1)))
        start = stop
    return found


class _Writer:
    """Writes paths side by side behind one prompt, which is read once."""

    def __init__(self, model: LanguageModel, request: ToolsRequest, report: Report) -> None:
        self._model, self._request, self._report = model, request, report
        self._facts, self._ends = request.known(), end_ids(model)
        self._total = 1 + request.peaks * request.branches
        self._past: Past = model.new_past()

        def layer(done: int, layers: int) -> None:
            report(Progress(0, self._total, f"Reading the question: layer {done} of {layers}"))

        ids = torch.from_numpy(_prompt(model, request)).long()[None]
        self._hidden = model.hidden_states(ids, past=self._past, on_layer=layer)[:, -1]

    def write(self, paths: list[Path], seeds: list[int]) -> None:
        """Go on with all paths until each has ended or is as long as it may be.

        In every step all read one token: the next that is there already, of a beginning or of a
        tool, or else one that is drawn.
        """
        luck = [torch.Generator().manual_seed(each) for each in seeds]
        first, alive, step = self._total > len(paths) > 1, list(range(len(paths))), 0
        with self._past.branched(torch.zeros(len(paths), dtype=torch.long)):
            hidden = self._hidden.expand(len(paths), -1)
            while alive:
                done = int(first) + len(paths) - len(alive)
                message = f"{done} of {self._total} paths have ended; token {step + 1}"
                self._report(Progress(done, self._total, message))
                drawing = [at for at, row in enumerate(alive) if len(paths[row].ids) == step]
                ended = self._draw(
                    [paths[alive[at]] for at in drawing],
                    hidden[drawing],
                    [luck[alive[at]] for at in drawing],
                )
                over = {at for at, end in zip(drawing, ended, strict=True) if end}
                going = [at for at in range(len(alive)) if at not in over]
                if over and going:
                    self._past.select(torch.tensor(going))
                alive = [alive[at] for at in going]
                if alive:
                    read = torch.tensor([[paths[row].ids[step]] for row in alive])
                    hidden = self._model.hidden_states(read, past=self._past)[:, -1]
                step += 1

    def _draw(self, paths: list[Path], hidden: Tensor, luck: list[torch.Generator]) -> list[bool]:
        """Put a token behind each path, and what a tool gives; tell which have ended."""
        if not paths:
            return []
        logits = with_64_bits(self._model.unembed(hidden).float()).cpu()
        chance = torch.stack([torch.rand((), generator=each).double() for each in luck])
        tokens = drawn(logits, self._request.temperature, chance).tolist()
        found = []
        for path, token, spent in zip(paths, tokens, entropy(logits).tolist(), strict=True):
            path.ids.append(token)
            path.kinds.append(WRITTEN)
            path.entropies.append(spent)
            text = self._model.tokenizer.token_text(token)
            over = token in self._ends or "\n" in text
            given = self._given(path) if "]" in text else []
            path.ids += given
            path.kinds += [RESULT] * len(given)
            path.entropies += [float("nan")] * len(given)
            found.append(over or path.written >= self._request.longest)
        return found

    def _given(self, path: Path) -> list[int]:
        """Return the tokens of a tool's result, where the path ends with a call."""
        tokenizer = self._model.tokenizer
        if len(path.ends_of_results) >= self._request.calls:
            return []
        call = call_at_end(tokenizer.decode(path.ids))
        if call is None:
            return []
        opening = len(path.ids) - 1
        while "[" not in tokenizer.decode(path.ids[opening:]):
            opening -= 1
        path.kinds[opening:] = [CALL] * (len(path.ids) - opening)
        ids = behind(self._model, f" = {answered(call, self._facts)}").tolist()
        if len(ids) <= LONGEST_RESULT:
            return ids
        dots = behind(self._model, "…").tolist()
        return [*ids[: LONGEST_RESULT - len(dots)], *dots]


def _prompt(model: LanguageModel, request: ToolsRequest) -> np.ndarray:
    return context_ids(model, f"{HEAD}Q: {request.question.strip()}\nA:")


def _to_run(
    model: LanguageModel,
    request: ToolsRequest,
    paths: list[Path],
    scores: list[tuple[float, int, int]],
    started: float,
) -> ToolsRun:
    size = max(len(each.ids) for each in paths)
    texts = [model.tokenizer.decode(each.ids).strip() for each in paths]
    calls = np.array([len(each.ends_of_results) for each in paths], np.float32)
    listed = (each.strip() for each in request.answer.split("/"))
    answers = tuple(each for each in listed if each not in ("", "?"))
    right = np.array([is_right(each, answers) for each in texts], np.float32)
    kept = (right > 0) & (calls == calls[right > 0].min(initial=np.inf))
    spent = _padded([each.entropies for each in paths], size, np.nan, np.float32)
    known = np.isfinite(spent)
    return ToolsRun(
        **provenance(model),
        request=request,
        token_ids=_padded([each.ids for each in paths], size, -1, np.int32),
        token_kind=_padded([each.kinds for each in paths], size, -1, np.int32),
        entropy=spent,
        begins=np.array([each.begins for each in paths], np.int32),
        calls=calls,
        right=right if answers else np.full(len(paths), np.nan, np.float32),
        kept=kept.astype(np.float32),
        mean_entropy=(np.where(known, spent, 0).sum(1) / known.sum(1)).astype(np.float32),
        score=np.array([each[0] for each in scores], np.float32),
        segment=np.array([each[1:] for each in scores], np.int32),
        texts=texts,
        vocabulary={
            str(each): model.tokenizer.token_text(each)
            for each in sorted({token for path in paths for token in path.ids})
        },
        seconds=time.perf_counter() - started,
    )


def _padded(rows: list[list], size: int, fill: float, dtype: type) -> np.ndarray:
    found = np.full((len(rows), size), fill, dtype)
    for row, values in zip(found, rows, strict=True):
        row[: len(values)] = values
    return found
