"""How far apart two models' predictions are: exact where both are at hand, else bounds."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
import pandas as pd
import streamlit as st

from backend.runs import DivergenceRequest, DivergenceRun, Request, Run, TextRun, series
from backend.runs.compare import TextComparison
from backend.runs.permalink import exact_request
from components import job, state
from components.compare.charts import bounds_about, bounds_chart, exact_about, exact_chart
from components.figure import figure
from components.plain import numbered_label

SLOT = "compare"
NO_VOCABULARY = (
    "The two models have different vocabularies, so that there are no common tokens to compare "
    "predictions for. Surprisal of common spans can be compared: see **Curves**."
)


class Comparer(Protocol):
    """What the comparison needs of ``backend.cached``."""

    def find_run(self, key: str) -> Run | None: ...
    def comparison_names(self) -> list[str]: ...
    def comparison_run(self, name: str) -> Run: ...
    def submit(self, request: Request) -> job.Watchable: ...


def divergence_view(
    source: Comparer, a: TextRun, b: TextRun, comparison: TextComparison, frame: pd.DataFrame
) -> None:
    """Draw the exact divergence if there is one, else bounds and how to get it."""
    if comparison.bounds is None:
        st.info(NO_VOCABULARY, icon=":material/info:")
        return
    run = _shipped(source) or _computed(source, a, b)
    if run is not None:
        _exact(run)
        return
    _offer(source, a, b)
    _bounds(comparison, frame)


def _shipped(source: Comparer) -> DivergenceRun | None:
    """Return the exact divergence that ships with the pair that is shown."""
    name = str(state.get("a")).removeprefix("pair:").removesuffix("_a")
    shipped = f"{name}_divergence"
    is_pair = (state.get("a"), state.get("b")) == (f"pair:{name}_a", f"pair:{name}_b")
    if not is_pair or shipped not in source.comparison_names():
        return None
    return cast(DivergenceRun, source.comparison_run(shipped))


def _request(a: TextRun, b: TextRun) -> DivergenceRequest | None:
    """Return what to ask, or None when the runs did not read the same tokens."""
    one, other = exact_request(a), exact_request(b)
    if not np.array_equal(a.token_ids, b.token_ids):
        return None
    return DivergenceRequest(
        model=one.model,
        other=other.model,
        text=a.request.text,
        add_bos=a.request.add_bos,
        special_tokens=a.request.special_tokens,
    )


def _computed(source: Comparer, a: TextRun, b: TextRun) -> DivergenceRun | None:
    request = _request(a, b)
    return None if request is None else cast(DivergenceRun, source.find_run(request.key))


def _offer(source: Comparer, a: TextRun, b: TextRun) -> None:
    request = _request(a, b)
    if request is None or request.model == request.other:
        st.caption(
            "From the stored top tokens. The exact divergence needs the same tokens in both."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("From the stored top tokens, so these are bounds.", width="stretch")
        if st.button(
            "Compute it exactly",
            icon=":material/play_arrow:",
            key="compare:exact",
            help="Loads both models; over the whole vocabulary.",
        ):
            job.start(SLOT, lambda: source.submit(request))
            st.rerun()


def _exact(run: DivergenceRun) -> None:
    unit = state.unit()
    frame = pd.DataFrame(
        {
            "token": np.arange(len(run)),
            "text": [numbered_label(i, each) for i, each in enumerate(run.tokens)],
            "ab": series.to_unit(run.kl_ab, unit),
            "ba": series.to_unit(run.kl_ba, unit),
            "js": series.to_unit(run.js, unit),
        }
    )
    means = frame[["ab", "ba", "js"]].mean()
    with st.container(horizontal=True, gap="medium"):
        st.metric(f"Mean KL(A‖B) ({unit})", f"{means['ab']:.4f}", width="content")
        st.metric(f"Mean KL(B‖A) ({unit})", f"{means['ba']:.4f}", width="content")
        st.metric(f"Mean Jensen–Shannon ({unit})", f"{means['js']:.4f}", width="content")
    figure(exact_chart(unit), exact_about(unit), key="compare-exact", data={"divergence": frame})


def _bounds(comparison: TextComparison, frame: pd.DataFrame) -> None:
    bounds, unit = comparison.bounds, state.unit()
    assert bounds is not None  # noqa: S101  the caller has looked
    known = np.isfinite(bounds.js_low)
    if not known.any():
        st.caption("No span is one token in both runs.")
        return
    data = frame.loc[known, ["token", "text"]].assign(
        low=series.to_unit(bounds.js_low[known], unit),
        high=series.to_unit(bounds.js_high[known], unit),
        kl=series.to_unit(bounds.kl_ab[known], unit),
        known=bounds.known[known],
    )
    st.caption(f"The stored tokens hold {data['known'].mean():.0%} of the probability on average.")
    figure(bounds_chart(unit), bounds_about(unit), key="compare-bounds", data={"bounds": data})
