"""Charts of holes: words by one side and by both, joined by ribbons, and what is told by and by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ...charts.words import visible
from ...derived import holes as of
from ...runs.holes import HolesRun
from ..panels.base import Parameters
from ..panels.parameters import one_of
from ..panels.picture import Choice

if TYPE_CHECKING:
    from ...charts.base import Spec

ALL, NOTHING = "all", "nothing"
MOST = 13
"""Tokens up to which one can choose how many to see; the curve below has every one."""
_TOKENS = {str(n): f"its first {n} tokens" for n in range(2, MOST + 1)}
SEEN = Choice(
    "seen", "How much of the right side may be seen",
    {ALL: "all of the right side", "0": "nothing of it", "1": "its first token", **_TOKENS},
)  # fmt: skip
SHOWN = Choice("of", "Show", {"entropy": "entropy and information", "shares": "shares"})

NAMED = 9
"""Words of a column that have a ribbon of their own; all others share one."""
OTHERS, GAINS, LOSES = "all other words", "gains", "loses"
BAR, STEPS = 0.045, 16
ROOM = 0.07
"""The least share that has room for a name beside its bar."""


def _seen(run: HolesRun, parameters: Parameters) -> int:
    """Return how many tokens of the right side are to be seen, all that there are at most."""
    asked = one_of(parameters, "seen", tuple(SEEN.values))
    tokens = run.surprisal.shape[1]
    return tokens if asked == ALL else min(int(asked), tokens)


def _columns(run: HolesRun, seen: int) -> dict[str, np.ndarray]:
    """Return the shares of all words by the name of their column."""
    some = "both sides" if seen == run.surprisal.shape[1] else f"and {seen} tokens of the right"
    found = {"left side only": of.shares(run)[0], some: of.shares(run)[seen]}
    if run.log_native is not None:
        found[f"by infilling ({run.native})"] = of.filled(run)
    return found


def _note(run: HolesRun, seen: int) -> str:
    """Return what is covered, and under which condition."""
    best = visible(run.word(int(of.right(run)[seen].argmax())), 24)
    words = (
        f"At least {of.covered(run)[seen]:.1%} of all that could stand there, if no word that is "
        f"not listed explains what follows better than {best}."
    )
    if not seen:
        words = (
            f"{np.exp(run.log_prior.astype(np.float64)).sum():.1%} of all that could stand there."
        )
    more = f" {run.right_left:,} further tokens are not read." if run.right_left else ""
    return f"{len(run.log_prior):,} words are listed: {words[0].lower()}{words[1:]}{more}"


def ribbons(run: HolesRun, unit: str, parameters: Parameters) -> Spec:
    """Return the words of every column as a bar, joined by ribbons from column to column."""
    import altair as alt

    from ...charts.base import finished, tooltip

    seen = _seen(run, parameters)
    columns = _columns(run, seen)
    shares = list(columns.values())
    named = sorted({int(i) for each in shares for i in np.argsort(-each)[:NAMED]} | _own(run))
    groups: list[list[int]] = [[i] for i in named]
    rest = [i for i in range(len(run.log_prior)) if i not in named]
    groups += [rest] if rest else []
    heights = np.array([[each[group].sum() for group in groups] for each in shares])
    names = [visible(run.word(i), 24) for i in named] + ([OTHERS] if rest else [])
    kinds = [GAINS if heights[-1, g] > heights[0, g] else LOSES for g in range(len(named))]
    kinds += [OTHERS] if rest else []
    tops = [_stacked(each, bool(rest)) for each in heights]

    ribbon: dict[str, list[Any]] = {
        name: [] for name in ("x", "low", "high", "of", "kind", "word", "from", "to")
    }
    bar: dict[str, list[Any]] = {
        name: [] for name in ("x", "end", "low", "high", "kind", "word", "share", "side", "middle")
    }
    last = len(shares) - 1
    for place in range(len(shares)):
        for g, name in enumerate(names):
            low, high = tops[place][g]
            share = float(heights[place, g])
            side = "left" if place == 0 else "right"
            row = (place - BAR, place + BAR, low, high, kinds[g], name, share, side)
            for key, value in zip(bar, (*row, (low + high) / 2), strict=True):
                bar[key].append(value)
            if place == last:
                continue
            to = tops[place + 1][g]
            for step in range(STEPS + 1):
                t = step / STEPS
                smooth = t * t * (3 - 2 * t)
                ends = ((1 - smooth) * a + smooth * b for a, b in zip((low, high), to, strict=True))
                x = place + BAR + t * (1 - 2 * BAR)
                row = (
                    x,
                    *ends,
                    f"{place} {g}",
                    kinds[g],
                    name,
                    share,
                    float(heights[place + 1, g]),
                )
                for key, value in zip(ribbon, row, strict=True):
                    ribbon[key].append(value)
    titles = {"x": list(range(len(shares))), "title": list(columns)}

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.42, last + 0.42], nice=False))
    y = alt.Y("low:Q", axis=None, scale=alt.Scale(domain=[0, 1.07], nice=False))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=[GAINS, LOSES, OTHERS], range="category"),
        legend=alt.Legend(title=None, orient="bottom"),
    )
    share_text = "format(datum.share, '.2%')"
    bars = (
        alt.Chart(alt.NamedData("points"))
        .mark_rect(
            stroke="transparent", tooltip=tooltip({"word": "datum.word", "share": share_text})
        )
        .encode(x=x, x2="end:Q", y=y, y2="high:Q", color=colour)
    )
    told = {
        "word": "datum.word",
        "from": "format(datum.from, '.2%')",
        "to": "format(datum.to, '.2%')",
    }
    flows = (
        alt.Chart(alt.NamedData("ribbons"))
        .mark_area(opacity=0.35, tooltip=tooltip(told))
        .encode(x=x, y=y, y2="high:Q", color=colour, detail="of:N")
    )
    roomy = alt.Chart(alt.NamedData("points")).transform_filter(f"datum.share >= {ROOM}")
    label = roomy.transform_calculate(label="datum.word + '  ' + format(datum.share, '.1%')")
    sides: tuple[tuple[Literal["left", "right"], Literal["left", "right"], int, str], ...] = (
        ("left", "right", -7, "x"), ("right", "left", 7, "end"),
    )  # fmt: skip
    written = [
        label.transform_filter(f"datum.side === {side!r}")
        .mark_text(style="ink", align=align, dx=dx, fontSize=13, limit=190)
        .encode(x=alt.X(f"{at}:Q", axis=None), y=alt.Y("middle:Q", axis=None), text="label:N")
        for side, align, dx, at in sides
    ]
    heads = (
        alt.Chart(alt.NamedData("titles"))
        .mark_text(style="ink", fontSize=13, fontWeight="bold", baseline="middle")
        .encode(x=x, y=alt.YDatum(1.035, axis=None), text="title:N")
    )
    sets = {"points": bar, "ribbons": ribbon, "titles": titles}
    chart = alt.layer(flows, bars, *written, heads)
    return finished(chart, unit, sets, height=400, note=_note(run, seen))


def _own(run: HolesRun) -> set[int]:
    return set(map(int, np.flatnonzero(run.own)))


def _stacked(heights: np.ndarray, others: bool) -> list[tuple[float, float]]:
    """Return where every group lies, the largest on top and all others at the bottom."""
    order = np.argsort(-heights, kind="stable").tolist()
    if others:
        order = [each for each in order if each != len(heights) - 1] + [len(heights) - 1]
    ends, top = {}, 1.0
    for each in order:
        ends[each] = (top - float(heights[each]), top)
        top = ends[each][0]
    return [ends[each] for each in range(len(heights))]


def by_and_by(run: HolesRun, unit: str, parameters: Parameters) -> Spec:
    """Return entropy and information, or shares, as more of the right side is seen."""
    from ...charts.along import Line, along_chart
    from ...charts.places import Places

    names = [NOTHING, *(visible(run.token(i)) for i in range(run.surprisal.shape[1]))]
    seen = Places("seen of the right side", [f"{i} {each}" for i, each in enumerate(names)], "seen")
    if one_of(parameters, "of", tuple(SHOWN.values)) == "entropy":
        lines = [
            Line("entropy of the hole", of.unsure(run), of.UNSURE),
            Line("told by the right side", of.told(run), of.TOLD),
        ]
        return along_chart(lines, seen, unit, label="Entropy, information")
    shares = of.shares(run)
    chosen = dict.fromkeys([*map(int, np.argsort(-shares[-1])[:3]), int(shares[0].argmax())])
    chosen |= dict.fromkeys(sorted(_own(run))[:3])
    lines = [Line(visible(run.word(i), 24), shares[:, i], of.SHARE) for i in chosen]
    lines.append(Line("covered, at least", of.covered(run), of.COVERED, style="floor"))
    return along_chart(lines, seen, unit, label="Share")
