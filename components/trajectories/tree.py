"""The texts as one tree: common beginnings are drawn once, every fork is a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..plain import token_label

SHOWN = 24  # characters of a stretch without a fork
LEAF_HEIGHT = 48  # pixels; less, and the words of neighbouring forks run into each other


@dataclass(frozen=True)
class Leaf:
    """One text of the tree.

    Attributes:
        label: of its sampler.
        tokens: display texts; ``ids`` tell equal-looking tokens apart.
        branch: whether the reader branched it off.
    """

    label: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    branch: bool = False


def tree_nodes(leaves: Sequence[Leaf], root: str) -> dict[str, Any]:
    """Return the ECharts node of the whole tree.

    Args:
        leaves: the texts.
        root: what stands at the root, the end of the prompt.
    """
    label = {"position": "left", "align": "right", "distance": 8}
    return {"name": root, "label": label, "children": _children(list(leaves), 0)}


def _children(leaves: list[Leaf], depth: int) -> list[dict[str, Any]]:
    groups: dict[int | None, list[Leaf]] = {}
    for leaf in leaves:
        groups.setdefault(leaf.ids[depth] if depth < len(leaf.ids) else None, []).append(leaf)
    return [
        _node(group, depth) if token is not None else _end(group) for token, group in groups.items()
    ]


def _node(leaves: list[Leaf], depth: int) -> dict[str, Any]:
    """Return the stretch that ``leaves`` share from ``depth`` on, and what follows."""
    end = depth
    while (
        all(len(leaf.ids) > end for leaf in leaves) and len({leaf.ids[end] for leaf in leaves}) == 1
    ):
        end += 1
    text = "".join(leaves[0].tokens[depth:end])
    node: dict[str, Any] = {"name": f"{depth}  {stretch_label(text)}", "value": end - depth}
    finished = [leaf for leaf in leaves if len(leaf.ids) == end]
    if len(finished) == len(leaves):
        return {**node, "children": [_end(leaves)]}
    return {**node, "children": _children(leaves, end)}


def stretch_label(text: str, limit: int = SHOWN) -> str:
    """Return a stretch of text for the tree: on one line, with its spaces as they are."""
    return " ".join(token_label(each, limit) for each in text.split(" ") if each)[:limit] or "∅"


def _end(leaves: list[Leaf]) -> dict[str, Any]:
    branch = any(each.branch for each in leaves)
    return {
        "name": ", ".join(each.label for each in leaves),
        "value": len(leaves[0].ids),
        "symbol": "diamond" if branch else "circle",
        "itemStyle": {"color": "#D55E00" if branch else "#3D8BC4"},
        "label": {"fontWeight": "bold"},
    }


def tree_spec(leaves: Sequence[Leaf], root: str, *, dark: bool) -> dict[str, Any]:
    """Return the ECharts option of the tree; its toolbox saves the picture."""
    ink = "#E8ECF1" if dark else "#1C2733"
    paper = "#10151C" if dark else "#FFFFFF"
    return {
        "tooltip": {"trigger": "item", "formatter": "{b}<br>{c} tokens"},
        "toolbox": {
            "right": 4,
            "top": 0,
            "feature": {
                "saveAsImage": {
                    "title": "Picture as PNG",
                    "name": "trajectories-tree",
                    "pixelRatio": 2,
                    "backgroundColor": paper,
                }
            },
        },
        "series": [
            {
                "type": "tree",
                "data": [tree_nodes(leaves, root)],
                "left": 96,
                "right": 150,
                "top": 24,
                "bottom": 14,
                "symbolSize": 8,
                "initialTreeDepth": -1,
                "edgeShape": "polyline",
                "edgeForkPosition": "12%",
                "expandAndCollapse": True,
                "animationDuration": 200,
                "lineStyle": {"color": "#8A94A0", "width": 1.2},
                # Texts stand on the line that leads to their node.
                "label": {
                    "position": "top",
                    "align": "right",
                    "distance": 4,
                    "fontSize": 11,
                    "color": ink,
                    "backgroundColor": paper,  # words are read across the lines of others
                },
                "leaves": {"label": {"position": "right", "align": "left", "distance": 8}},
            }
        ],
    }


def tree_frame(leaves: Sequence[Leaf]) -> pd.DataFrame:
    """Return the texts as a table: which leaf, where it leaves the others, and what it says.

    ``forks_at`` is the first step that no other text shares with it, None where one says the same.
    """
    rows = []
    for place, leaf in enumerate(leaves):
        others = [*leaves[:place], *leaves[place + 1 :]]
        fork = max((_common(leaf.ids, each.ids) for each in others), default=0)
        rows.append(
            {
                "text_of": leaf.label,
                "kind": "branch" if leaf.branch else "sampler",
                "tokens": len(leaf.ids),
                "forks_at": fork if fork < len(leaf.ids) else None,
                "text": "".join(leaf.tokens),
            }
        )
    return pd.DataFrame(rows)


def _common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
