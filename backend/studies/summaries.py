"""The study of summaries: every summary scored behind the document, none, another, and parts."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, OverBudgetError
from ..reading.continuations import behind, context_ids, score_ids, scoring_bytes, scoring_work
from ..reading.encoding import check_text
from ..runs.summaries import LENGTHS, SummariesRequest, SummariesRun
from .base import STUDIES, Estimate, Progress, Report, provenance

if TYPE_CHECKING:
    from ..models.language import LanguageModel

MOST_PARTS, MOST_SENTENCES = 40, 60
HEADING = "\n\nSummary:"
_SENTENCE = re.compile(r"""\S.*?(?:[.!?…]+["'”’»)\]]*(?=\s|\Z)|[。！？]+[」』”’]*|\Z)""")
_STEPS = 100


@dataclass(frozen=True)
class _Asked:
    """A request as it is read.

    Attributes:
        parts: sentences of the document, each with the number of its paragraph.
        lengths: which lengths there are.
        sentences: of each.
    """

    parts: list[tuple[int, str]]
    lengths: list[int]
    sentences: list[list[str]]


class SummariesStudy:
    """Reads each context once, and all summaries behind it as one batch."""

    kind = "summaries"

    def estimate(self, model: LanguageModel, request: SummariesRequest) -> Estimate:
        """Say what it needs.

        Raises:
            InputError: there is no document of several sentences, or no summary.
            OverBudgetError: document and summary are longer than the model reads.
        """
        asked = _asked(request)
        tails = [sum(map(len, each)) for each in _tails(model, asked)]
        longest = max(len(context_ids(model, each)) for each in _contexts(request, asked)[:3])
        limit = model.facts.context
        if limit is not None and longest + max(tails) > limit:
            raise OverBudgetError(
                f"Document and summary have {longest + max(tails):,} tokens; {model.facts.name} "
                f"reads {limit:,}. Shorten one of them."
            )
        passes = 3 + len(asked.parts)
        return Estimate(
            scoring_bytes(model, longest, tails), passes * scoring_work(model, longest, tails)
        )

    def run(self, model: LanguageModel, request: SummariesRequest, report: Report) -> SummariesRun:
        """Read.

        Raises:
            InputError, OverBudgetError: as ``estimate``; or the memory ran out.
            CancelledError: ``report`` said so.
        """
        started = time.perf_counter()
        self.estimate(model, request)
        asked = _asked(request)
        tails = _tails(model, asked)
        contexts = _contexts(request, asked)
        joined = [np.concatenate(each) for each in tails]
        found = []
        for done, context in enumerate(contexts):
            scored = score_ids(
                model,
                context_ids(model, context),
                joined,
                _part_of(report, done, len(contexts), _doing(done, len(asked.parts))),
            )
            found.append([-each.logprobs for each in scored])
        text = _text_of(model, asked, tails)
        surprisals = np.stack([_placed(each, text["sentence_of"]) for each in found])
        inside = text["sentence_of"] >= 0
        of_sentences = np.bincount(text["sentence_of"][inside], surprisals[1][inside])
        return SummariesRun(
            **provenance(model),
            **text,
            request=request,
            parts=[each for _, each in asked.parts],
            sentences=[each for own in asked.sentences for each in own],
            length_of=np.repeat(asked.lengths, list(map(len, asked.sentences))).astype(np.int32),
            alone=surprisals[0],
            with_source=surprisals[1],
            with_unrelated=surprisals[2],
            left_out=surprisals[3:],
            sentence_surprisal=of_sentences.astype(np.float32),
            seconds=time.perf_counter() - started,
        )


STUDIES.register(SummariesStudy.kind)(SummariesStudy())


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text; a line break ends one too."""
    return [each for line in text.splitlines() for each in _SENTENCE.findall(line.strip())]


def _asked(request: SummariesRequest) -> _Asked:
    parts = [
        (number, each)
        for number, line in enumerate(request.document.splitlines())
        for each in sentences_of(line)
    ]
    if not parts:
        raise InputError("There is no document; give one of at least two sentences.")
    if not 2 <= len(parts) <= MOST_PARTS:
        number = "one sentence" if len(parts) == 1 else f"{len(parts)} sentences"
        raise InputError(f"The document has {number}; it needs 2 to {MOST_PARTS}.")
    written = [sentences_of(getattr(request, name)) for name in LENGTHS]
    given = [place for place, each in enumerate(written) if each]
    if not given:
        raise InputError("There is no summary; write a tiny, short or long one.")
    count = sum(map(len, written))
    if count > MOST_SENTENCES:
        raise InputError(f"The summaries have {count} sentences; at most {MOST_SENTENCES} go.")
    if not request.unrelated.strip():
        raise InputError("There is no unrelated text to compare with.")
    for each in (
        request.document,
        request.unrelated,
        *(getattr(request, name) for name in LENGTHS),
    ):
        if each:
            check_text(each)
    return _Asked(parts, given, [written[place] for place in given])


def _contexts(request: SummariesRequest, asked: _Asked) -> list[str]:
    """Return what stands before a summary: no document, the whole, another, and all but one."""
    documents = [
        "",
        _joined(asked.parts),
        _as_long(sentences_of(request.unrelated), len(_joined(asked.parts))),
        *(_joined(asked.parts[:i] + asked.parts[i + 1 :]) for i in range(len(asked.parts))),
    ]
    return [f"Document:\n{each}{HEADING}" for each in documents]


def _joined(parts: Sequence[tuple[int, str]]) -> str:
    """Return sentences as paragraphs."""
    lines: dict[int, list[str]] = {}
    for number, sentence in parts:
        lines.setdefault(number, []).append(sentence)
    return "\n".join(" ".join(each) for each in lines.values())


def _as_long(sentences: Sequence[str], characters: int) -> str:
    """Return sentences, from the first one again after the last, of about so many characters."""
    taken = ""
    for each in cycle(sentences):
        longer = f"{taken} {each}".strip()
        if taken and len(longer) > characters:
            return taken
        taken = longer
    return taken


def _tails(model: LanguageModel, asked: _Asked) -> list[list[np.ndarray]]:
    """Return the tokens of every sentence of every summary."""
    return [[behind(model, f" {each}") for each in own] for own in asked.sentences]


def _placed(values: Sequence[np.ndarray], sentence_of: np.ndarray) -> np.ndarray:
    """Return numbers of all tokens of sentences among all tokens, NaN at headings; float32 [T]."""
    found = np.full(len(sentence_of), np.nan, np.float32)
    found[sentence_of >= 0] = np.concatenate(values)
    return found


def _text_of(
    model: LanguageModel, asked: _Asked, tails: Sequence[Sequence[np.ndarray]]
) -> dict[str, Any]:
    """Return the summaries behind their headings as the text of a run, and ``sentence_of``."""
    pieces: list[tuple[str, np.ndarray, int]] = []
    sentence = 0
    for own, ids in zip(asked.sentences, tails, strict=True):
        pieces.append((HEADING, model.tokenizer.encode(HEADING).ids, -1))
        for each, of in zip(own, ids, strict=True):
            pieces.append((f" {each}", of, sentence))
            sentence += 1
    text, exact = "", True
    offsets, groups, first = [], [], 0
    for written, ids, _ in pieces:
        encoding = model.tokenizer.encode(written)
        same = np.array_equal(encoding.ids, ids)
        exact &= same and encoding.exact
        # Where a tokenizer spells a text otherwise behind another, its tokens share one place.
        spans = encoding.offsets if same else np.tile([0, len(written)], (len(ids), 1))
        own = encoding.groups if same else np.arange(len(ids))
        offsets.append(spans + len(text))
        groups.append(own + first)
        first = int(groups[-1][-1]) + 1
        text += written
    ids = np.concatenate([each for _, each, _ in pieces]).astype(np.int32)
    lengths = [len(each) for _, each, _ in pieces]
    return {
        "text": text,
        "tokens": [model.tokenizer.token_text(each) for each in ids.tolist()],
        "token_ids": ids,
        "offsets": np.concatenate(offsets).astype(np.int32),
        "groups": np.concatenate(groups).astype(np.int32),
        "special": np.zeros(len(ids), bool),
        "exact": bool(exact),
        "sentence_of": np.repeat([each for _, _, each in pieces], lengths).astype(np.int32),
    }


def _doing(done: int, parts: int) -> str:
    named = ("no document", "the document", "another document")
    return named[done] if done < len(named) else f"all but sentence {done - 2} of {parts}"


def _part_of(report: Report, done: int, total: int, name: str) -> Report:
    """Return what hears of one reading of many."""

    def hear(progress: Progress) -> None:
        share = _STEPS * progress.done // max(progress.total, 1)
        report(Progress(_STEPS * done + share, _STEPS * total, f"Reading behind {name}"))

    return hear
