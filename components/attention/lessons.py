"""What heads do: short texts, each with the clearest head of the bundled model to look at."""

from __future__ import annotations

import streamlit as st

from backend.derived.heads import kind_scores, typical_head
from backend.runs import AttentionRun

from .. import state
from .choice import choose_head
from .numbers import head_name

EXAMPLE = "attention_repeated"
LESSONS = {
    "previous": (
        "Previous-token head",
        "Looks at the token just before: low entropy everywhere, a line beside the diagonal. It "
        "tells a token what came before it, which induction heads build on.",
    ),
    "induction": (
        "Induction head",
        "Finds the last time this token occurred and looks at what followed it. In a repeated text "
        "its entropy falls from the second round on: the model copies.",
    ),
    "sink": (
        "Sink head",
        "Rests on the first token when it has nothing to say. Its entropy is low, and means "
        "nothing: hide the first token to see what else it looks at.",
    ),
    "itself": (
        "Current-token head",
        "Looks at the token itself: low entropy, a bright diagonal. Early layers use it to work "
        "on a token by itself.",
    ),
    "uniform": (
        "Averaging head",
        "Spreads over everything it sees, so its entropy is near ln(visible tokens). It collects "
        "what the text as a whole is about.",
    ),
}


def lessons(example: AttentionRun) -> None:
    """Draw one card per kind of head; the button shows its clearest head on the example.

    Args:
        example: the shipped run on the repeated text; the heads are found in its numbers.
    """
    st.caption(
        "Low entropy: the head knows where to look. High entropy: it takes everything in. "
        "The heads below were found by measuring all heads of the bundled model on the repeated "
        "example text."
    )
    found = [(kind, head) for kind in LESSONS if (head := typical_head(example, kind))]
    for start in range(0, len(found), 2):
        for column, (kind, head) in zip(st.columns(2), found[start : start + 2], strict=False):
            with column, st.container(border=True, height="stretch"):
                _lesson(example, kind, head)


def _lesson(example: AttentionRun, kind: str, head: tuple[int, int]) -> None:
    """Draw the words of a kind, and the button of its clearest head."""
    title, text = LESSONS[kind]
    score = kind_scores(example, kind)[head]
    measure = "of the maximum entropy" if kind == "uniform" else "of its weight, on average"
    st.markdown(f"**{title}**")
    st.write(text)
    if st.button(f"Show {head_name(*head)}", key=f"lesson:{kind}", help=f"{score:.0%} {measure}."):
        state.show_example("attention", EXAMPLE)
        choose_head(*head)
        st.rerun()  # the run itself changes, which is drawn by the page
