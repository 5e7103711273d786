"""The checkpoints study: one text, read by a list of models that are loaded one after the other."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import CancelledError, EntroscopeError, InputError
from ..models import is_here, load_model, load_tokenizer, weight_bytes
from ..models.loading import reporting_to
from ..models.provenance import versions_now
from ..reading.encoding import check_text, token_fields
from ..runs import ModelSpec, Run, TextRequest
from ..runs.checkpoints import MOST, CheckpointsRequest, CheckpointsRun
from .base import STUDIES, Estimate, Progress, Report
from .text import TextStudy

if TYPE_CHECKING:
    from ..models import LanguageModel
    from ..models.tokenizer import Encoding

_READING = 500_000_000  # bytes that reading takes beside the weights, in blocks of rows
_TOKEN = 100_000  # bytes a token of a long text
_STEPS = 1_000  # parts in which the progress of one checkpoint is told
_NUMBERS = ("surprisal", "entropy", "varentropy", "rank")


class CheckpointsStudy:
    """Holds one model at a time; each reads the text as a text study does."""

    kind = "checkpoints"

    def estimate(self, model: LanguageModel | None, request: CheckpointsRequest) -> Estimate:
        """Return the memory of the largest checkpoint and of reading.

        One that is not on this machine yet counts when it is loaded.

        Raises:
            InputError: no checkpoint, too many, one twice, or one that is written in no known way.
            ModelError: one is not there, with its name.
        """
        _check(request)
        sizes = [0]
        for place, each in enumerate(request.checkpoints):
            with _naming(request, place):
                sizes.append(weight_bytes(each) if is_here(each) else 0)
        reading = _READING + _TOKEN * len(request.text)
        return Estimate(max(sizes) + reading, float(sum(sizes)) + len(sizes) * len(request.text))

    def run(
        self, model: LanguageModel | None, request: CheckpointsRequest, report: Report
    ) -> CheckpointsRun:
        """Read the text with every checkpoint.

        All tokenizers are read first: what is missing or cuts otherwise costs no loading.

        Raises:
            InputError: as ``estimate``; or two checkpoints cut the text into different tokens.
            ModelError: a checkpoint cannot be loaded; the message names it.
            OverBudgetError: one does not fit, or the text does not fit its context.
            CancelledError: ``report`` said so. Its ``partial_run`` has the checkpoints before.
        """
        _check(request)
        started = time.perf_counter()
        encoding = _encode(request, report)
        found: list[Run] = []
        try:
            for place in range(len(request.checkpoints)):
                found.append(_read(request, place, report))
                partial = _to_run(request, encoding, found, started)
                report(_progress(request, place, Progress(1, 1, "read", partial)))
        except CancelledError as stopped:
            if found:
                stopped.partial_run = _to_run(request, encoding, found, started)
            raise
        return _to_run(request, encoding, found, started)


STUDIES.register(CheckpointsStudy.kind)(CheckpointsStudy())


def _check(request: CheckpointsRequest) -> None:
    count = len(request.checkpoints)
    if not 1 <= count <= MOST:
        raise InputError(f"There are {count} checkpoints; give 1 to {MOST}.")
    for place, each in enumerate(request.checkpoints):
        if each in request.checkpoints[:place]:
            raise InputError(f"{request.names[place]} is named twice; leave one out.")


@contextmanager
def _naming(request: CheckpointsRequest, place: int) -> Iterator[None]:
    """Put the name of a checkpoint before what its loading or reading raises."""
    try:
        yield
    except CancelledError:
        raise
    except EntroscopeError as error:
        before = f"Checkpoint {place + 1} of {len(request.checkpoints)}, {request.names[place]}"
        raise type(error)(f"{before}: {error}") from error


def _progress(request: CheckpointsRequest, place: int, own: Progress) -> Progress:
    """Return the progress of one checkpoint as that of all."""
    count = len(request.checkpoints)
    done = _STEPS * own.done // own.total if own.total else 0
    words = f"Checkpoint {place + 1} of {count}, {request.names[place]}: {own.message}"
    return replace(own, done=place * _STEPS + done, total=count * _STEPS, message=words)


def _encode(request: CheckpointsRequest, report: Report) -> Encoding:
    """Return the tokens of the text, which all checkpoints cut alike."""
    check_text(request.text)
    first: Encoding | None = None
    for place, each in enumerate(request.checkpoints):
        report(_progress(request, place, Progress(0, 0, "looking for its tokenizer")))
        with _naming(request, place), reporting_to(report):
            tokenizer = load_tokenizer(each)
            one = tokenizer.encode(
                request.text, special_tokens=request.special_tokens, add_bos=request.add_bos
            )
        if first is None:
            first = one
        elif not np.array_equal(one.ids, first.ids) or one.tokens != first.tokens:
            raise InputError(
                f"{request.names[place]} cuts this text into other tokens than "
                f"{request.names[0]} ({len(one):,} and {len(first):,}). Curves of single tokens "
                "need one tokenizer: measure both in Tokens, and compare them in Compare, which "
                "matches spans of text."
            )
    if first is None:
        raise InputError("Give at least one checkpoint.")
    return first


def _read(request: CheckpointsRequest, place: int, report: Report) -> Run:
    """Load a checkpoint, read the text with it and let it go."""
    spec = request.checkpoints[place]

    def tell(progress: Progress) -> None:
        report(_progress(request, place, progress))

    with _naming(request, place):
        tell(Progress(0, 0, "loading"))
        with reporting_to(tell):
            model = load_model(spec)
        try:
            return TextStudy().run(model, _text(request, spec), tell)
        finally:
            del model
            gc.collect()  # modules hold one another in circles
            if torch.cuda.is_available():
                torch.cuda.empty_cache()


def _text(request: CheckpointsRequest, spec: ModelSpec) -> TextRequest:
    return TextRequest(
        model=spec,
        text=request.text,
        top_k=1,
        add_bos=request.add_bos,
        special_tokens=request.special_tokens,
        long_text=request.long_text,
    )


def _to_run(
    request: CheckpointsRequest, encoding: Encoding, found: Sequence[Run], started: float
) -> CheckpointsRun:
    arrays: dict[str, Any] = {
        name: np.stack([getattr(each, name) for each in found]) for name in _NUMBERS
    }
    read = replace(request, checkpoints=request.checkpoints[: len(found)])
    return CheckpointsRun(
        **versions_now(),
        **token_fields(encoding),
        request=read,
        seconds=time.perf_counter() - started,
        model=found[0].model,
        models=dict(zip(read.names, (each.model for each in found), strict=True)),
        **arrays,
    )
