"""How far apart two models' predictions are: exact where both are at hand, else bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, cast

import numpy as np
import pandas as pd
import streamlit as st

from backend.derived import series
from backend.derived.compare import TextComparison
from backend.errors import EntroscopeError
from backend.runs import DivergenceRequest, DivergenceRun, ModelFacts, Request, Run, TextRun
from backend.storage.permalink import exact_request

from .. import job, state
from ..figure import figure
from ..library.actions import Keeper
from ..plain import numbered_label, token_label
from ..run_head import run_head
from ..summary import model_line
from .charts import bounds_about, bounds_chart, exact_about, exact_chart

SLOT = "compare"
NO_VOCABULARY = (
    "The two models have different vocabularies, so that there are no common tokens to compare "
    "predictions for. Surprisal of common spans can be compared: see **Curves**."
)
OTHER_WEIGHTS = (
    "The exact divergence was computed, but not between the models of these two runs: what this "
    "server loads under their names has other weights (revision, number type or rounding). Here "
    "are the bounds from the runs themselves."
)


class Comparer(Protocol):
    """What the comparison needs of ``backend.cached``."""

    def find_run(self, key: str) -> Run | None: ...
    def comparison_names(self) -> list[str]: ...
    def comparison_run(self, name: str) -> Run: ...
    def submit(self, request: Request, *, stay: bool) -> job.Watchable: ...


def divergence_view(
    source: Comparer, a: TextRun, b: TextRun, comparison: TextComparison, frame: pd.DataFrame
) -> None:
    """Draw the exact divergence if there is one, else bounds and how to get it."""
    if comparison.bounds is None:
        st.info(NO_VOCABULARY, icon=":material/info:")
        return
    run = _shipped(source, a, b)
    request = divergence_request(a, b)
    if run is None and request is not None:
        run = cast("DivergenceRun | None", source.find_run(request.key))
    if run is not None and not _is_of(run, a, b):
        st.warning(OTHER_WEIGHTS, icon=":material/info:")
    elif run is not None:
        exact_view(run)
        if request is not None and source.find_run(request.key) is not None:
            st.button(
                "Save, link or export it", icon=":material/open_in_new:", key="compare:open-exact",
                on_click=state.show_run, args=("divergence", request.key),
            )  # fmt: skip
        return
    else:
        _offer(source, request)
    _bounds(comparison, frame)


def opened(source: Comparer) -> DivergenceRun | None:
    """Return the divergence that is to be shown by itself, None for two runs as usual."""
    key = state.get("divergence_run")
    try:
        run = source.find_run(key) if key else None
    except EntroscopeError:  # the file is damaged
        run = None
    if key and not isinstance(run, DivergenceRun):
        state.show_notice("The divergence of this link is not on this server. Here are two runs.")
        _close()
        return None
    return cast("DivergenceRun | None", run)


def divergence_page(source: Keeper, run: DivergenceRun) -> None:
    """Draw a divergence by itself, as it comes from the library or a link."""
    st.button("Back to two runs", icon=":material/arrow_back:", on_click=_close)
    run_head(source, run, SLOT, untitled="Divergence of two models")
    st.caption(f"From A, above, to B: {model_line(run.other_model)}")
    st.code(token_label(run.text, 300), language=None, wrap_lines=True)
    exact_view(run)


def arrived(key: str, a: Run, b: Run) -> None:
    """Deal with a divergence that was computed: that of a link is shown by itself."""
    request = divergence_request(a, b)
    if request is None or key != request.key:
        state.show_run("divergence", key)


def _close() -> None:
    state.put(divergence_run=None)


def divergence_request(a: Run, b: Run) -> DivergenceRequest | None:
    """Return what to ask for the exact divergence; None where tokens or models do not allow it."""
    if not (isinstance(a, TextRun) and isinstance(b, TextRun)):
        return None
    one, other = exact_request(a).model, exact_request(b).model
    if one == other or not np.array_equal(a.token_ids, b.token_ids):
        return None
    return DivergenceRequest(
        model=one,
        other=other,
        text=a.request.text,
        add_bos=a.request.add_bos,
        special_tokens=a.request.special_tokens,
    )


def _is_of(run: DivergenceRun, a: TextRun, b: TextRun) -> bool:
    """Tell whether a divergence is between the very weights that made A and B."""
    same = _weights(run.model) == _weights(a.model), _weights(run.other_model) == _weights(b.model)
    return all(same) and np.array_equal(run.token_ids, a.token_ids)


def _weights(facts: ModelFacts) -> tuple[object, ...]:
    return facts.source, facts.name, facts.revision, facts.dtype, facts.weights


def _shipped(source: Comparer, a: TextRun, b: TextRun) -> DivergenceRun | None:
    """Return the exact divergence that ships with the pair that is shown, turned if it is."""
    sides = [str(state.get(side)) for side in "ab"]
    name = sides[0].removeprefix("pair:")[:-2]
    shipped = f"{name}_divergence"
    if set(sides) != {f"pair:{name}_a", f"pair:{name}_b"}:
        return None
    if shipped not in source.comparison_names():
        return None
    run = cast(DivergenceRun, source.comparison_run(shipped))
    return run if _is_of(run, a, b) else _turned(run)


def _turned(run: DivergenceRun) -> DivergenceRun:
    """Return the same divergence with A and B the other way round."""
    request = replace(run.request, model=run.request.other, other=run.request.model)
    return replace(
        run, request=request, model=run.other_model, other_model=run.model,
        kl_ab=run.kl_ba, kl_ba=run.kl_ab,
    )  # fmt: skip


def _offer(source: Comparer, request: DivergenceRequest | None) -> None:
    if request is None:
        st.caption(
            "From the stored top tokens. The exact divergence needs two models that can be loaded "
            "and the same tokens in both."
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
            job.start(SLOT, lambda: source.submit(request, stay=True))
            st.rerun()


def exact_view(run: DivergenceRun) -> None:
    """Draw means and the curves of an exact divergence."""
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
    with st.container(horizontal=True, gap="medium", key="summary-divergence"):
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
    columns = {
        name: series.to_unit(getattr(bounds, name)[known], unit)
        for name in ("kl_ab", "kl_ba", "js_low", "js_high")
    }
    data = frame.loc[known, ["token", "text"]].assign(**columns, remaining=1 - bounds.known[known])
    mean = data[[*columns, "remaining"]].mean()
    figures = {
        f"Mean KL(A‖B) ({unit})": f"≥ {mean['kl_ab']:.4f}",
        f"Mean KL(B‖A) ({unit})": f"≥ {mean['kl_ba']:.4f}",
        f"Mean Jensen–Shannon ({unit})": f"{mean['js_low']:.4f} – {mean['js_high']:.4f}",
        "Mean remaining mass": f"{mean['remaining']:.1%}",
    }
    with st.container(horizontal=True, gap="medium", key="summary-divergence"):
        for label, value in figures.items():
            st.metric(label, value, width="content")
    figure(bounds_chart(unit), bounds_about(unit), key="compare-bounds", data={"bounds": data})
