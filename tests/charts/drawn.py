"""What a chart shows, read from the scene that Vega makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import vl_convert

from backend.charts.base import Spec
from backend.charts.colours import vega_config


def scene(spec: Spec, theme: str = "light") -> Any:
    """Return the scene graph of a chart."""
    return vl_convert.vegalite_to_scenegraph({**spec, "config": vega_config(theme)})


def marks(node: Any, kind: str = "") -> Iterator[dict[str, Any]]:
    """Yield the items of all marks of a kind, but not those of axes and legends."""
    if isinstance(node, list):
        for each in node:
            yield from marks(each, kind)
    elif isinstance(node, dict):
        of_axis = str(node.get("role", "")).startswith(("axis", "legend"))
        if node.get("role") == "mark" and node.get("marktype") == kind:
            yield from node.get("items", [])
        if not of_axis:
            for value in node.values():
                yield from marks(value, kind)


def words(node: Any) -> list[str]:
    """Return all texts of a scene, those of axes and legends included."""
    if isinstance(node, list):
        return [word for each in node for word in words(each)]
    if not isinstance(node, dict):
        return []
    own = [str(node["text"])] if "text" in node else []
    return own + [word for value in node.values() for word in words(value)]


def with_signals(spec: Spec, **values: Any) -> Spec:
    """Return a chart as a browser has it after it set signals."""
    assert set(values) <= {each["name"] for each in spec["params"]}
    params = [
        {"name": each["name"], "value": values[each["name"]]} if each["name"] in values else each
        for each in spec["params"]
    ]
    return {**spec, "params": params}


def tooltips(items: Iterator[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the rows of the tooltips of items."""
    found = [each["tooltip"] for each in items if "tooltip" in each]
    return [json.loads(each) if isinstance(each, str) else each for each in found]
