"""What a summary takes from its source: by sentence, from which part, and how much of it twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..quantities import Quantity
from ..runs.summaries import LENGTHS, SOURCE, SummariesRun
from .base import derived, once

GAINED = Quantity(
    "Taken from the source", "I_t", low=-12, high=12, scale="diverging",
    missing="the prompt, which is given",
    help="How much less a token surprises behind the document than behind none; below 0 the "
    "document misleads.",
    formula=r"I_t=s_t^{\mathrm{none}}-s_t^{\mathrm{doc}}", source=SOURCE,
)  # fmt: skip
TAKEN = Quantity(
    "Taken by a sentence", "I_j", low=-20, high=80, scale="diverging", digits=1,
    help="Of a whole sentence: the sum over its tokens.",
    formula=r"I_j=\sum_{t\in j}(s_t^{\mathrm{none}}-s_t^{\mathrm{doc}})", source=SOURCE,
)  # fmt: skip
PER_TOKEN = replace(
    TAKEN, name="Taken a token", symbol="I_j/n", low=-1, high=5, digits=2,
    help="Of a sentence, a token; what is not in the document stays near 0.",
    formula=r"I_j/n_j",
)  # fmt: skip
PER_CHARACTERS = replace(
    TAKEN, name="Taken per 100 characters", symbol="", low=-20, high=80,
    help="Of a sentence, so that lengths and tokenizers can be compared.",
    formula=r"100\,I_j/c_j",
)  # fmt: skip
BEYOND = replace(
    PER_TOKEN, name="Taken a token, beyond another document", symbol="",
    help="Against an unrelated document in place of none: the fairer zero.",
    formula=r"\sum_{t\in j}(s_t^{\mathrm{other}}-s_t^{\mathrm{doc}})/n_j",
)  # fmt: skip
OWED = replace(
    TAKEN, name="Owed to a sentence", symbol="L_{ij}",
    help="How much more a sentence of the summary surprises when one of the document is left out.",
    formula=r"L_{ij}=\sum_{t\in j}(s_t^{-i}-s_t^{\mathrm{doc}})",
)  # fmt: skip
SHARE = Quantity(
    "Share of a sentence", "", "%", digits=0, missing="owes nothing to any one",
    help="Of what a sentence of the summary owes to all single sentences of the document.",
    formula=r"\max(L_{ij},0)/\sum_i\max(L_{ij},0)", source=SOURCE,
)  # fmt: skip
SPREAD = Quantity(
    "Attribution entropy", "H_j", high=3, missing="owes nothing to any one",
    help="Over how many sentences of the document it is spread: 0 for a single one.",
    formula=r"-\sum_i q_{ij}\ln q_{ij}", source=SOURCE,
)  # fmt: skip
SYNERGY = replace(
    TAKEN, name="Owed beyond taken", symbol="", low=-80, high=80,
    help="Below 0 the document says it more than once, so that leaving one out costs little.",
    formula=r"\sum_i L_{ij}-I_j",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Taking:
    """What J sentences take from a document of I, nats.

    Attributes:
        alone, with_source: float64 [J], surprisal without the document and with it.
        taken: float64 [J]; I_j.
        owed: float64 [I, J]; L_ij.
        tokens: int64 [J].
        misled: tokens that surprise more with the document.
    """

    alone: np.ndarray
    with_source: np.ndarray
    taken: np.ndarray
    owed: np.ndarray
    tokens: np.ndarray
    misled: int


def taking(
    alone: np.ndarray,
    with_source: np.ndarray,
    left_out: np.ndarray,
    sentence_of: np.ndarray,
    count: int,
) -> Taking:
    """Return what sentences take, from surprisals [T], [T] and [I, T], nats.

    Args:
        alone: without the document.
        with_source: with it.
        left_out: without one of its sentences.
        sentence_of: [T], which sentence each token belongs to; -1 for none.
        count: J.
    """
    of = sentence_of[None] == np.arange(count)[:, None]  # [J, T]

    def summed(values: np.ndarray) -> np.ndarray:
        kept = np.where(of, np.asarray(values, np.float64)[..., None, :], 0)
        return kept.sum(-1)

    whole = summed(with_source)
    first = summed(alone)
    inside = sentence_of >= 0
    return Taking(
        alone=first,
        with_source=whole,
        taken=first - whole,
        owed=summed(left_out) - whole,
        tokens=of.sum(1),
        misled=int((np.asarray(alone)[inside] < np.asarray(with_source)[inside]).sum()),
    )


def shares(owed: np.ndarray) -> np.ndarray:
    """Return the shares [I, J] of what is owed [I, J]; NaN where nothing is."""
    positive = np.maximum(owed, 0)
    total = positive.sum(0)
    return np.where(total > 0, positive / np.where(total > 0, total, 1), np.nan)


def attribution_entropy(owed: np.ndarray) -> np.ndarray:
    """Return the entropy of the shares of each sentence, float64 [J], nats; NaN where none."""
    q = shares(owed)
    logs = np.log(np.where(q > 0, q, 1))
    return np.where(np.isnan(q).any(0), np.nan, np.abs((q * logs).sum(0)))


@once
def of_run(run: SummariesRun) -> Taking:
    """Return what the sentences of a run take."""
    count = len(run.length_of)
    return taking(run.alone, run.with_source, run.left_out, run.sentence_of, count)


def _ratio(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    some = counts > 0
    return np.where(some, values / np.where(some, counts, 1), np.nan).astype(np.float32)


@derived("summaries", "gained", "T", quantity=GAINED)
def gained(run: SummariesRun) -> np.ndarray:
    """Return what every token takes, float32 [T]."""
    return run.alone - run.with_source


@derived("summaries", "taken", "J", quantity=TAKEN)
def taken(run: SummariesRun) -> np.ndarray:
    """Return what every sentence takes, float32 [J]."""
    return of_run(run).taken.astype(np.float32)


@derived("summaries", "per_token", "J", quantity=PER_TOKEN)
def per_token(run: SummariesRun) -> np.ndarray:
    """Return what every sentence takes a token, float32 [J]."""
    return _ratio(of_run(run).taken, of_run(run).tokens)


@derived("summaries", "per_characters", "J", quantity=PER_CHARACTERS)
def per_characters(run: SummariesRun) -> np.ndarray:
    """Return what every sentence takes per 100 characters, float32 [J]."""
    found = np.zeros(len(run.length_of))
    lengths = [len(each) for each in run.sentences[: len(found)]]
    found[: len(lengths)] = lengths
    return _ratio(100 * of_run(run).taken, found)


@derived("summaries", "beyond_unrelated", "J", quantity=BEYOND)
def beyond_unrelated(run: SummariesRun) -> np.ndarray:
    """Return what every sentence takes a token beyond an unrelated document, float32 [J]."""
    against = taking(
        run.with_unrelated, run.with_source, run.left_out[:0], run.sentence_of, len(run.length_of)
    )
    return _ratio(against.taken, against.tokens)


@derived("summaries", "owed", "I", "J", quantity=OWED)
def owed(run: SummariesRun) -> np.ndarray:
    """Return what every sentence owes to every one of the document, float32 [I, J]."""
    return of_run(run).owed.astype(np.float32)


@derived("summaries", "share", "I", "J", quantity=SHARE)
def share(run: SummariesRun) -> np.ndarray:
    """Return the same as shares, float32 [I, J]."""
    return shares(of_run(run).owed).astype(np.float32)


@derived("summaries", "spread", "J", quantity=SPREAD)
def spread(run: SummariesRun) -> np.ndarray:
    """Return the attribution entropy of every sentence, float32 [J]."""
    return attribution_entropy(of_run(run).owed).astype(np.float32)


@derived("summaries", "synergy", "J", quantity=SYNERGY)
def synergy(run: SummariesRun) -> np.ndarray:
    """Return what is owed beyond what is taken, float32 [J]."""
    return (of_run(run).owed.sum(0) - of_run(run).taken).astype(np.float32)


def of_length(run: SummariesRun, name: str) -> float:
    """Return what a summary, by its name in ``LENGTHS``, takes a token, nats; NaN without one."""
    own, found = run.length_of == LENGTHS.index(name), of_run(run)
    tokens = found.tokens[own].sum()
    return float(found.taken[own].sum() / tokens) if tokens else float("nan")


def _figure(name: str, label: str) -> None:
    of = replace(
        PER_TOKEN, name=label, formula=r"\sum_j I_j/\sum_j n_j", missing="not given",
        help="What a whole summary takes from the document, a token.",
    )  # fmt: skip
    derived("summaries", f"per_token_{name}", quantity=of)(lambda run: of_length(run, name))


for _name, _label in zip(LENGTHS, ("Tiny", "Short", "Long", "To check"), strict=True):
    _figure(_name, f"{_label}, a token")
