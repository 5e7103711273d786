"""The files that browsers load: our modules and styles, and two libraries from their wheels."""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from ..charts.colours import javascript
from ..lenses.descriptors import describe_all
from ..settings import settings
from ..storage.atomic import write_atomically
from .index import everything

BROWSER = Path(__file__).parents[2] / "components" / "browser"

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_NOT_SERVED = {".py", ".pyc"}


class Assets:
    """Files by path, all under one version: a browser keeps them until the version changes.

    The files of the folder are read once. What is made is made when it is first asked for.

    Args:
        folder: of our own files.
        made: path to what returns the file's content, and a version that stands for it.
    """

    def __init__(self, folder: Path, made: dict[str, tuple[Callable[[], bytes], str]]) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix not in _NOT_SERVED
        }
        self._made = {name: make for name, (make, _) in made.items()}
        self._packed: dict[str, bytes] = {}
        self._packing = Lock()
        digest = hashlib.sha256()
        for name, content in self._files.items():
            digest.update(f"{name} {len(content)} ".encode() + content)
        for name, (_, number) in made.items():
            digest.update(f"{name} {number} ".encode())
        self.version = digest.hexdigest()[:16]

    def at_hand(self, path: str) -> bytes | None:
        """Return the content of a file of our own at once, None for any other."""
        return self._files.get(path)

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, None where there is none; may take a second."""
        if path in self._files:
            return self._files[path]
        make = self._made.get(path)
        return None if make is None else make()

    def packed(self, path: str) -> bytes | None:
        """Return the content compressed as gzip, None where there is none; may take a second.

        Done once for all readers: Plotly alone costs a third of a second, and the server would do
        it for each of them.
        """
        content = self._packed.get(path) or self.read(path)
        if content is None:
            return None
        with self._packing:
            if path not in self._packed:
                self._packed[path] = gzip.compress(content, 6, mtime=0)
            return self._packed[path]

    def packed_at_hand(self, path: str) -> bytes | None:
        """Return what ``packed`` gives if that is there at once, else None."""
        return self._packed.get(path)


def media_type(path: str) -> str:
    """Return the media type of a file by its name, the same on every system."""
    known = _TYPES.get(Path(path).suffix)
    return known or mimetypes.guess_type(path)[0] or "application/octet-stream"


@cache
def browser_assets() -> Assets:
    """Return the files of ``components/browser`` and those made of declarations and wheels."""
    lenses = json.dumps(describe_all()).encode()
    index = json.dumps(everything()).encode()
    colours = javascript().encode()
    return Assets(
        BROWSER,
        {
            "lenses.json": (lambda: lenses, _digest(lenses)),
            "index.json": (lambda: index, _digest(index)),
            "colours.js": (lambda: colours, _digest(colours)),
            "vega.js": (vega, version("vl-convert-python")),
            "plotly.js": (plotly, version("plotly")),
        },
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def assets_version() -> str:
    """Return the version under which this server has its files; part of their addresses."""
    return browser_assets().version


_ON_WINDOW = "window.vega = vega; window.vegaLite = vegaLite; window.vegaEmbed = vegaEmbed;"

_making = Lock()


def vega() -> bytes:
    """Return Vega, Vega-Lite and Vega-Embed in one module that puts them on ``window``.

    It takes seconds to make and is kept in the cache folder.
    """
    path = settings().cache_dir / f"vega-{version('vl-convert-python')}.js"
    with _making:
        try:
            return path.read_bytes()
        except OSError:
            return _made_vega(path)


def _made_vega(path: Path) -> bytes:
    import vl_convert

    made = vl_convert.javascript_bundle(_ON_WINDOW).encode()
    try:
        write_atomically(path, made)
    except OSError:  # a folder that cannot be written costs the time again
        return made
    return made


def plotly() -> bytes:
    """Return Plotly as its own wheel has it."""
    found = find_spec("plotly")
    (folder,) = (found.submodule_search_locations or [""]) if found else [""]
    return (Path(folder) / "package_data" / "plotly.min.js").read_bytes()
