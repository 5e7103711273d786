"""Buttons that save a Plotly figure of this page as a picture, made in the browser."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component

FOLDER = Path(__file__).parent

_mount = component(
    "plotly_picture",
    html='<button type="button" data-format="png">Picture as PNG</button>'
    '<button type="button" data-format="svg">Picture as SVG</button>',
    css=(FOLDER / "plotly_picture.css").read_text(encoding="utf-8"),
    js=(FOLDER / "plotly_picture.js").read_text(encoding="utf-8"),
)


def plotly_picture(name: str, *, inside: str, key: str) -> None:
    """Draw the buttons.

    Args:
        name: of the files, without their ending.
        inside: key of the container that the figure stands in.
        key: of the component.
    """
    _mount(key=key, data={"name": name, "inside": inside}, height="content", width="content")
