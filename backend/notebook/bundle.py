"""The modules of the browser as one: a widget is given one text, and can fetch no files.

Nothing is translated. The one module holds the files as texts, those first that import nothing,
and makes addresses of them that the later ones import.
"""

from __future__ import annotations

import json
import re
from functools import cache

from ..charts.colours import javascript
from ..web.assets import BROWSER

_FIRST = "notebook.js"
_STYLES = ("base.css", "notebook.css", "views/strip.css", "views/side.css", "views/figures.css")
_IMPORT = re.compile(r'^(?:import|export) [^;]*?\bfrom "(\.[^"]+)";', re.MULTILINE)

_LOADER = """
const FILES = %(files)s;
const STYLES = %(styles)s;
let whole;
async function load() {
  const addresses = {};
  for (const [name, source, imports] of FILES) {
    let text = source;
    for (const [written, file] of Object.entries(imports)) {
      text = text.replaceAll(`"${written}"`, JSON.stringify(addresses[file]));
    }
    addresses[name] = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  }
  return import(addresses["%(first)s"]);
}
export default {
  async render(context) {
    whole ??= load();
    return (await whole).render(context, STYLES);
  },
};
"""


@cache
def widget_module() -> str:
    """Return the ES module of the widget."""
    styles = "\n".join((BROWSER / name).read_text("utf-8") for name in _STYLES)
    return _LOADER % {
        "files": json.dumps(in_order(_FIRST)),
        "styles": json.dumps(styles),
        "first": _FIRST,
    }


def in_order(first: str) -> list[tuple[str, str, dict[str, str]]]:
    """Return a module and all that it imports: name, source and what each import leads to.

    Raises:
        ValueError: modules import each other in a circle.
    """
    done: dict[str, tuple[str, str, dict[str, str]]] = {}
    under_way: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        if name in under_way:
            raise ValueError(f"These modules import each other: {', '.join(under_way)}.")
        under_way.append(name)
        source = javascript() if name == "colours.js" else (BROWSER / name).read_text("utf-8")
        imports = {written: _resolve(name, written) for written in _IMPORT.findall(source)}
        for each in imports.values():
            visit(each)
        under_way.pop()
        done[name] = (name, source, imports)

    visit(first)
    return list(done.values())


def _resolve(name: str, written: str) -> str:
    """Return the file that an import leads to, from the folder of the browser's modules."""
    parts = name.split("/")[:-1]
    for each in written.split("/"):
        if each == "..":
            parts.pop()
        elif each != ".":
            parts.append(each)
    return "/".join(parts)
