"""Directed information of a context on an answer, sentence by sentence; sums of stored numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..quantities import Quantity
from ..runs.flow import MASSEY, FlowRun
from .base import derived

FLOW = Quantity(
    "Flow", "i", low=-7, high=7, scale="diverging", joins="sum",
    plain="how much the context tells",
    help="How much the context tells about this token; below 0 it led the model away from it.",
    formula=r"i_t=\ln\frac{p(y_t\mid y_{<t},x)}{p(y_t\mid y_{<t})}", source=MASSEY,
)  # fmt: skip
STEP = replace(
    FLOW, name="Added in order",
    help="What the sentence adds to those before it; over all sentences it sums to the flow.",
    formula=r"\ln\frac{p(y_t\mid y_{<t},x_{\le j})}{p(y_t\mid y_{<t},x_{<j})}",
)  # fmt: skip
ONLY = replace(
    FLOW, name="Lost without it",
    help="What the answer loses when this sentence is left out; what stands in two sentences is "
    "lost without neither.",
    formula=r"\ln\frac{p(y_t\mid y_{<t},x)}{p(y_t\mid y_{<t},x_{\ne j})}",
    source="Leave-one-out; ours.",
)  # fmt: skip
TOTAL = replace(
    FLOW, name="Flow in all", low=-20, high=20, joins="mean",
    help="Directed information of the context on the answer, as it came out. A context is complete "
    "before its answer begins, so that it is their pointwise mutual information too.",
    formula=r"\sum_t i_t=\ln\frac{p(y\mid x)}{p(y)}",
)  # fmt: skip
BEYOND = replace(
    TOTAL, name="Beyond unrelated texts",
    help="The same against the mean probability behind texts about something else: what any text "
    "before the question would do is taken off.",
    formula=r"\ln\frac{p(y\mid x)}{\frac1U\sum_u p(y\mid x'_u)}", source="Ours.",
)  # fmt: skip
SHARED = replace(
    TOTAL, name="Shared by sentences",
    help="The flow that leaving out single sentences does not find: said more than once. Below 0, "
    "sentences only help together.",
    formula=r"\sum_t\Big(i_t-\sum_j\ln\frac{p(y_t\mid y_{<t},x)}{p(y_t\mid y_{<t},x_{\ne j})}\Big)",
    source="Leave-one-out; ours.",
)  # fmt: skip
ERROR = Quantity(
    "Sum rule is off by", "", high=0.01, digits=5,
    help="Flow of the sentences in order, each a reading of its own, against the flow of the "
    "context read in one piece: rounding only.",
    formula=r"\Big|\sum_j\sum_t\ln\frac{p(y_t\mid y_{<t},x_{\le j})}{p(y_t\mid y_{<t},x_{<j})}"
    r"-\sum_t i_t\Big|", source=MASSEY,
)  # fmt: skip


def _sum(values: np.ndarray) -> float:
    return float(values.sum(dtype=np.float64))


@derived("flow", "flow", "T", quantity=FLOW)
def flow(run: FlowRun) -> np.ndarray:
    """Return the realised flow of every token, float32 [T], nats."""
    return run.whole - run.alone


@derived("flow", "step", "J", "T", quantity=STEP)
def step(run: FlowRun) -> np.ndarray:
    """Return what each sentence adds to those before it, float32 [J, T], nats."""
    return np.diff(run.behind, axis=0, prepend=run.alone[None])


@derived("flow", "only", "J", "T", quantity=ONLY)
def only(run: FlowRun) -> np.ndarray:
    """Return what is lost without each sentence, float32 [J, T], nats."""
    return run.whole - run.without


@derived("flow", "sentence_step", "J", quantity=replace(STEP, low=-20, high=20, joins="mean"))
def sentence_step(run: FlowRun) -> np.ndarray:
    """Return ``step`` over the whole answer, [J]."""
    return step(run).sum(1, dtype=np.float64)


@derived("flow", "sentence_only", "J", quantity=replace(ONLY, low=-20, high=20, joins="mean"))
def sentence_only(run: FlowRun) -> np.ndarray:
    """Return ``only`` over the whole answer, [J]."""
    return only(run).sum(1, dtype=np.float64)


@derived("flow", "total", quantity=TOTAL)
def total(run: FlowRun) -> float:
    """Return the flow over the whole answer, nats."""
    return _sum(flow(run))


@derived("flow", "beyond", quantity=BEYOND)
def beyond(run: FlowRun) -> float:
    """Return the flow against the mean over unrelated contexts, nats; NaN without any."""
    if not len(run.elsewhere):
        return float("nan")
    return _sum(run.whole) - _sum(mixture(run.elsewhere))


@derived("flow", "shared", quantity=SHARED)
def shared(run: FlowRun) -> float:
    """Return the flow that is no single sentence's, nats."""
    return total(run) - float(sentence_only(run).sum())


@derived("flow", "sum_rule", quantity=ERROR)
def sum_rule(run: FlowRun) -> float:
    """Return how far the sentences in order are from the whole, nats."""
    return abs(_sum(step(run)) - total(run))


def mixture(logprobs: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return log p of each token under a mixture of contexts, given the tokens before it.

    Args:
        logprobs: [U, T], log p of each token behind each of U contexts, nats.
        weights: [U], above 0, of each context; alike when left out.

    Returns:
        float64 [T], nats; their sum is the log of the mean of p(y), not the mean of logs.
    """
    parts = np.full(len(logprobs), 1 / len(logprobs)) if weights is None else weights / sum(weights)
    so_far = np.log(parts)[:, None] + logprobs.astype(np.float64).cumsum(1)
    return np.diff(np.logaddexp.reduce(so_far, axis=0), prepend=0.0)
