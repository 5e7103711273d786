"""Alloys: the entropy of mixing, and what else rules of thumb ask of an alloy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...runs.alloys import KNOWN, MISMATCH, OMEGA, AlloysRun, structure
from ..base import Example, Lens, Paper, declare
from ..panels.against import Against
from ..panels.bars import Bars
from ..panels.base import Parameters
from ..panels.chart import Chart
from ..panels.map import Map
from ..panels.table import Column, Table, axis_columns

if TYPE_CHECKING:
    from ...charts.base import Spec

LEAST_OMEGA, MOST_MISMATCH = 1.1, 0.066


def solid_solution(run: AlloysRun, unit: str, parameters: Parameters) -> Spec | None:
    """Return Ω over δ, with the corner in which a rule of thumb expects a solid solution."""
    import altair as alt

    from ...charts.base import POINTS, finished, log_values, tooltip
    from ...charts.scales import value_text

    known = run.omega[np.isfinite(run.omega) & (run.omega > 0)]
    if not known.size:
        return None
    least, most = min(0.7, float(known.min()) / 1.3), max(30.0, float(known.max()) * 1.6)
    widest = max(0.1, float(run.mismatch.max()) * 1.15)
    x = alt.X(
        "across:Q",
        axis=alt.Axis(title="Mismatch of sizes δ (%)", tickCount=8),
        scale=alt.Scale(domain=[0, 100 * widest], nice=False),
    )
    y = alt.Y(
        "omega:Q",
        axis=alt.Axis(title="Ω, entropy against enthalpy", values=log_values(least, most)),
        scale=alt.Scale(type="log", domain=[least, most], nice=False),
    )
    tip = tooltip(
        {
            "alloy": "datum.name",
            "Ω": value_text(OMEGA, "omega"),
            "δ": value_text(MISMATCH, "mismatch"),
            "electrons speak for": "datum.structure",
        }
    )
    base = alt.Chart(POINTS).transform_filter("isValid(datum.omega)")
    base = base.transform_calculate(across="datum.mismatch * 100")
    dots = base.mark_point(style="main", filled=True, size=120, opacity=0.85, tooltip=tip).encode(
        x=x, y=y
    )
    # On four sides by turns: names of neighbours would lie over one another.
    turn = base.transform_window(
        place="row_number()", sort=[alt.SortField("mismatch", order="ascending")]
    )
    sides: tuple[tuple[Literal["right", "center", "left"], int, int], ...] = (
        ("right", -11, 1), ("center", 0, -14), ("center", 0, 16), ("left", 11, 1),
    )  # fmt: skip
    names = [
        turn.transform_filter(f"datum.place % 4 === {place}")
        .mark_text(style="ink", align=align, dx=dx, dy=dy, fontSize=12)
        .encode(x=x, y=y, text="name:N")
        for place, (align, dx, dy) in enumerate(sides)
    ]
    corner = alt.Chart(alt.NamedData("corner"))
    limits = corner.mark_line(style="quiet", strokeDash=[6, 4]).encode(x=x, y=y, order="place:Q")
    label = (
        corner.transform_filter("datum.place === 0")
        .mark_text(style="quiet", align="left", dx=6, dy=-7, fontSize=11)
        .encode(x=x, y=y, text=alt.value("solid solutions, by a rule of thumb"))
    )
    rows = {
        "name": list(run.request.alloys),
        "mismatch": run.mismatch,
        "omega": run.omega,
        "structure": _structures(run),
    }
    limit = {
        "across": [0.0, 100 * MOST_MISMATCH, 100 * MOST_MISMATCH],
        "omega": [LEAST_OMEGA, LEAST_OMEGA, most],
        "place": [0, 1, 2],
    }
    chart = alt.layer(limits, label, dots, *names)
    return finished(chart, unit, {"points": rows, "corner": limit}, height=340)


def _seen(run: AlloysRun) -> list[str]:
    """Return who saw one phase of which alloy, written in equal parts; else a dash."""
    known = {frozenset(names.split()): words for names, words in KNOWN.items()}
    return [known.get(frozenset(each.split()), "–") for each in run.request.alloys]


def _structures(run: AlloysRun) -> list[str]:
    return [structure(each) for each in run.electrons.tolist()]


def _rows(run: AlloysRun, axes: tuple[str, ...], shape: tuple[int, ...]) -> list[Column]:
    return [
        *axis_columns(run, axes, shape),
        Column(name="structure", label="electrons speak for", values=_structures(run)),
        Column(name="seen", label="one phase seen", values=_seen(run)),
    ]


declare(
    Lens(
        kind="alloys",
        title="Alloys",
        summary="Entropy outside of language: elements mixed into one metal.",
        group="write",
        family="Answers",
        icon="blender",
        place=48,
        panels=(
            Chart(
                key="solid_solution",
                title="Entropy against enthalpy",
                read="A dot is an alloy: up, entropy outweighs enthalpy; left, its atoms are alike "
                "in size.",
                area="stage",
                draw=solid_solution,
                of=("mismatch", "omega"),
                missing="No alloy here has an enthalpy of mixing: mix two elements at least.",
            ),
            Table(
                title="Alloys",
                read="Rules of mixtures; only what was made and seen is called one phase.",
                table="alloys",
                axes=("A",),
                of=("entropy", "most", "enthalpy", "mismatch", "omega", "electrons"),
                rows=_rows,
            ),
            Against(
                key="entropy_of_parts",
                title="Entropy and number of elements",
                read="Equal parts have ln n; below it one element has more.",
                x="most",
                y="entropy",
                axes=("A",),
            ),
            Bars(
                title="Valence electrons",
                read="From 8 on fcc, under 6.87 bcc, both between: a rule of thumb.",
                of="electrons",
                axis="A",
            ),
            Map(
                title="Fractions",
                read="A row an alloy, a column an element.",
                of="parts",
                axes=("A", "E"),
                area="timeline",
            ),
            Map(
                title="Pairs of elements",
                read="The enthalpy of equal parts: −49 kJ/mol for nickel and zirconium, +22 for "
                "copper and tungsten.",
                of="pairs",
                axes=("E", "F"),
                area="timeline",
            ),
            Table(
                key="constants",
                title="Constants",
                read="Of the elements, as the tables have them; point at a heading for its source.",
                table="elements",
                axes=("E",),
                of=("radii", "melting", "valence"),
            ),
        ),
        examples=(
            Example(
                "alloys_known",
                "Alloys of four to six elements",
                "Equal parts of four elements have ln 4 = 1.386 nats, as four equally likely "
                "answers have. Aluminium in CoCrFeNi makes the sizes unlike.",
                {
                    "alloys": (
                        "Co Cr Fe Ni",
                        "Co Cr Fe Mn Ni",
                        "V Nb Mo Ta",
                        "Mo Nb Ta Ti V W",
                        "Nb Mo Ta W",
                        "Al 0.5 Co Cr Fe Ni",
                        "Al Co Cr Fe Ni",
                        "Hf Nb Ta Ti Zr",
                    )
                },
            ),
        ),
        papers=(
            Paper(
                14,
                "What mixes several elements in equal parts is called a high-entropy alloy for the "
                "entropy of its fractions: ln n for n equal parts.",
                "",
                "alloys_known",
                1.3862943611,
                lambda run: float(run.entropy[0]),
                1e-5,
                "Found is the entropy of CoCrFeNi over R. The paper's own data, labelled alloys "
                "from several sources, are not shipped; its AUC of .92 to .95 is not repeated.",
            ),
        ),
        guide=(
            "Write one alloy a row under Alloys, with parts where they are not equal: "
            "Al 0.5 Co Cr Fe Ni.",
            "Radii, melting points and the enthalpies of pairs are those of matminer's tables; "
            "other tables differ by tenths to a fifth. The paper on MoNbTaTiVW has δ 3.1 %, Ω 11.1 "
            "and ΔH −3.4 kJ/mol, this table gives 2.9 %, 9.9 and −4.2.",
            "CoCrFeNi and CoCrFeMnNi were one fcc phase after 50 hours at 1473 K (Vaidya et al., "
            "Sci. Rep. 7, 12293); VNbMoTa is bcc from the solidus down to 350 °C (Wang et al., "
            "Scripta Mater. 191, 131).",
            "Entropy alone does not make one phase: limits on δ and Ω, and the rule of valence "
            "electrons, are rules of thumb.",
        ),
    )
)
