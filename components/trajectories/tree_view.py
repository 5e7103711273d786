"""The tab of the tree: the chart in its frame, and the branches one by one."""

from __future__ import annotations

import streamlit as st

from backend.runs.trajectories import TrajectoryRun

from ..figure import About, explain
from ..plain import escape_markdown
from .branch import PAGE_CHANGED, Brancher
from .branches import (
    Branch,
    Family,
    family_of,
    leaves_of,
    open_branch,
    open_root,
)
from .rows import Row, row_label
from .tree import LEAF_HEIGHT, Leaf, stretch_label, tree_frame, tree_spec

TREE_ABOUT = About(
    title="The texts as one tree",
    read="A fork is a step at which texts part; the number is the step at which a stretch begins. "
    "Blue ends are samplers, orange diamonds are branches.",
    formula=r"\text{shared}(a,b)=\max\{n: a_i=b_i \text{ for all } i<n\}",
    definition="Common beginnings are drawn once. Branches carry numbers: 2.1 is the first branch "
    "of branch 2. Automatic branching goes on from the steps with the highest mean entropy.",
    source="Branching points: Tool-Light, arXiv 2509.23285.",
)


def tree_view(brancher: Brancher, run: TrajectoryRun, rows: list[Row]) -> None:
    """Draw the tree the run on screen stands in, and list its branches."""
    family = family_of(brancher, run)
    leaves = leaves_of(family, rows)
    _chart(family.root, leaves)
    if family.orphan:
        st.info(
            "The run this branch left is no longer in memory, so the tree begins with the branch.",
            icon=":material/info:",
        )
    if family.shown != family.key:
        st.button(
            "Open the run it all began with",
            icon=":material/arrow_upward:",
            key="trajectories:open-root",
            on_click=_open_root,
            args=(brancher, family),
        )
    for branch in family.branches:
        _entry(brancher, family, branch)
    if not family.branches:
        st.caption("No branches yet: pin a step and use **Go on from here**.")


def _chart(root: TrajectoryRun, leaves: list[Leaf]) -> None:
    frame, about = tree_frame(leaves), TREE_ABOUT
    with st.container(key="figure-trajectories-tree", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            st.markdown(f"**{about.title}**", width="stretch")
            with st.popover("", icon=":material/info:", type="tertiary", key="about:tree"):
                explain(about)
            with st.popover("", icon=":material/download:", type="tertiary", key="export:tree"):
                st.download_button(
                    "Data as CSV", frame.to_csv(index=False), "trajectories-tree.csv", "text/csv",
                    key="download:tree.csv", on_click="ignore", type="tertiary",
                )  # fmt: skip
                st.download_button(
                    "Data as JSON",
                    str(frame.to_json(orient="records", indent=1, force_ascii=False)),
                    "trajectories-tree.json", "application/json",
                    key="download:tree.json", on_click="ignore", type="tertiary",
                )  # fmt: skip
                st.caption("The arrow above the chart saves it as PNG.")
        st.caption(about.read)
        words = root.prompt_text.split(" ")
        st.echarts_chart(
            tree_spec(
                leaves,
                f"… {stretch_label(' '.join(words[-2:]), 16)}",
                dark=st.context.theme.type == "dark",
            ),
            height=max(220, LEAF_HEIGHT * len(leaves) + 70),
            key="trajectories-tree",
            alt=f"{about.title}. {about.read}",
        )


def _entry(brancher: Brancher, family: Family, branch: Branch) -> None:
    run, origin = branch.run, branch.run.request.origin
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{branch.number} · {escape_markdown(run.labels[0])}**{_left(family, branch)}",
                width="stretch",
            )
            st.button(
                "On screen" if branch.key == family.shown else "Open this branch",
                key=f"trajectories:open-branch:{branch.number}",
                disabled=branch.key == family.shown or origin is None,
                on_click=_open,
                args=(brancher, branch),
            )
        st.text(run.texts[0][0])


def _left(family: Family, branch: Branch) -> str:
    """Say which row a branch left, and where."""
    origin = branch.run.request.origin
    if origin is None:
        return ""
    parents = {each.key: each for each in family.branches}
    if origin.run in parents:
        whose = f"branch {parents[origin.run].number}"
    elif origin.sampler < len(family.root.labels) and origin.seed < len(family.root.request.seeds):
        whose = escape_markdown(row_label(family.root, Row(origin.sampler, origin.seed)))
    else:  # a file may say anything
        whose = "another run"
    return f" from step {origin.step} of {whose}"


def _open(brancher: Brancher, branch: Branch) -> None:
    open_branch(brancher, branch)
    st.session_state[PAGE_CHANGED] = True


def _open_root(brancher: Brancher, family: Family) -> None:
    open_root(brancher, family)
    st.session_state[PAGE_CHANGED] = True
