"""The frame in the browser: what it is told on every run of the script, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from backend.derived.comparison import comparison_of
from backend.errors import EntroscopeError
from backend.lenses import LENSES, Lens
from backend.lenses.descriptors import describe
from backend.runs import DatasetRun
from backend.settings import settings
from backend.storage.examples import ExampleInfo

from . import comparing, data_set, session, sign_in
from .compare_actions import ACTIONS
from .menu import Page, pages
from .modules import BROWSER
from .reading import described, model_key, subject_of
from .source import Source

_KEY = "frame"
# The module is a real file of our own route; the page's own address tells where that is.
_LOADER = """
let part
export default function (component) {
  const { path, version } = component.data.assets
  const here = location.pathname
  const above = path && here.endsWith(`/${path}`) ? here.slice(0, -path.length) : here
  const base = above.endsWith("/") ? above : `${above}/`
  part ??= import(new URL(`${base}assets/${version}/frame.js`, location.origin).href)
  part.then((module) => module.show(component))
}
"""


@cache
def _mount() -> Callable[..., Any]:
    sheets = [path for path in sorted(BROWSER.rglob("*.css")) if path.parent.name != "notebook"]
    styles = "\n".join(path.read_text("utf-8") for path in sheets)
    return component("frame", css=styles, js=_LOADER)


def report() -> Mapping[str, Any]:
    """Return what the browser last reported: ``serial``, ``page`` and what it asks for."""
    said = (st.session_state.get(_KEY) or {}).get("report")
    return said if isinstance(said, Mapping) else {}


def do_what_is_asked(source: Source) -> None:
    """Do every request of the browser that was not done yet, once, in order."""
    said = report()
    asked = said.get("asked")
    for each in asked if isinstance(asked, list) else ():
        serial = each.get("serial") if isinstance(each, Mapping) else None
        if not isinstance(serial, int) or serial <= session.done():
            continue
        act = ACTIONS.get(str(each.get("do")))
        try:
            if act is not None:
                act(source, each)
        except EntroscopeError as error:
            session.notice("error", str(error))
        except Exception:
            session.mark_done(serial)  # else every run would fail again
            raise
        # Only now: Streamlit ends a run at a cache that is being filled, and the next repeats it.
        session.mark_done(serial)
    serial = said.get("serial")
    if isinstance(serial, int):
        session.acknowledge(serial)


def draw(source: Source, page: Page, path: str) -> None:
    """Mount the frame: the same element on every page, so that it stays while pages change.

    ``path`` is the address that Streamlit has for the page; an older one may lead to it.
    """
    lens = page.lens
    _mount()(
        key=_KEY,
        data={
            "assets": {"path": path, "version": source.assets_version()},
            "acked": session.acknowledged(),
            "nav": _nav(),
            "page": _plain_page(page),
            "lens": describe(lens) if lens else None,
            "reading": _reading(source, lens) if lens else None,
            "examples": _examples(source, lens) if lens else [],
            "models": _models(source),
            "model": _model(),
            "servers": list(source.server_names()),
            "anyModel": source.any_model(),
            "alone": source.alone(),
            "administers": source.current_reader().administers,
            "mode": settings().mode,
            "home": settings().address,
            "teaches": source.current_reader().teaches,
            "choices": session.current().choices,
            "job": session.job(),
            "notices": session.take_notices(),
            "address": session.address(),
            "account": sign_in.account(source),
        },
        on_report_change=lambda: None,
    )


def _nav() -> list[dict[str, Any]]:
    return [
        {"name": group, "title": group.capitalize(), "pages": [_plain_page(each) for each in own]}
        for group, own in pages().items()
    ]


def _plain_page(page: Page) -> dict[str, Any]:
    lens = page.lens
    return {
        "group": page.group,
        "name": page.name,
        "path": page.path,
        "title": page.title,
        "summary": page.summary,
        "kind": lens.kind if lens else None,
        "opening": page.opening,
        "view": page.view,
        "module": page.module,
        "family": lens.family if lens else "",
        "subject": subject_of(lens) if lens else None,
    }


def _reading(source: Source, lens: Lens) -> dict[str, Any]:
    reading = session.reading(source, lens)
    content = reading.contents.get(lens.kind)
    run = None
    if content:
        run = source.run_of(content) or comparison_of(content, source.run_of)
    plain = described(reading, lens, source, run)
    if isinstance(run, DatasetRun):
        pace = data_set.seconds_per_token(source, run)
        plain |= {"rows": data_set.rows_measured(content), "pace": pace}
    return plain | {"changed": comparing.was_edited(session.before(lens), reading, lens)}


def _examples(source: Source, lens: Lens) -> list[dict[str, Any]]:
    """Return the examples of a lens: its own, and further ones of its subject."""
    if lens.kind == comparing.KIND:
        return comparing.examples()
    own = _shipped(source, lens.kind)
    texts = {each.text for each in own}
    main = _shipped(source, session.main_kind(lens))
    return [
        {"name": each.name, "title": each.title, "note": each.note}
        for each in (*own, *(each for each in main if each.text not in texts))
    ]


def _shipped(source: Source, kind: str) -> list[ExampleInfo]:
    """Return the shipped runs of a kind, as its lens declares them and in its order."""
    declared = {each.name: each for each in LENSES[kind].examples}
    shipped = [each for each in source.example_names() if each.kind == kind]
    order = [*declared, *(each.name for each in shipped)]
    return [
        replace(each, title=named.title, note=named.note)
        for each in sorted(shipped, key=lambda each: order.index(each.name))
        for named in [declared.get(each.name, each)]
    ]


def _models(source: Source) -> list[dict[str, Any]]:
    chosen = session.model()
    choices = [
        {
            "source": each.spec.source,
            "revision": each.spec.revision,
            "label": each.label,
            "short": each.label.split(" (")[0],
        }
        for each in source.model_choices()
    ]
    if all(
        (each["source"], each["revision"]) != (chosen.source, chosen.revision) for each in choices
    ):
        name = Path(chosen.source).name or chosen.source
        choices.append(
            {
                "source": chosen.source,
                "revision": chosen.revision,
                "label": chosen.source,
                "short": name,
            }
        )
    for each in choices:
        each["chosen"] = (each["source"], each["revision"]) == (chosen.source, chosen.revision)
        each["key"] = model_key(chosen) if each["chosen"] else ""
    return choices


def _model() -> dict[str, Any]:
    return asdict(session.model())
