"""The runs that ship with the project: listed by their headers, opened by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..runs.base import Request, Run
from .files import read_heading
from .run_store import RunStore
from .subject import subject

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class ExampleInfo:
    """A run that ships with the project.

    Attributes:
        name: of its file, without the suffix.
        title: for people.
        kind: of the run.
        note: one sentence on what to look at.
        request: that it answers.
    """

    name: str
    title: str
    kind: str
    note: str
    request: Request

    @property
    def text(self) -> str:
        """The text or prompt that was read; of a data set, the first."""
        return subject(self.request)

    @property
    def key(self) -> str:
        """The key of the request."""
        return self.request.key


def list_examples(folder: Path) -> list[ExampleInfo]:
    """Return what the headers of all runs in ``folder`` say, sorted by name.

    Raises:
        RunFileError: a file is damaged.
    """
    found = []
    for path in sorted(folder.glob("*.safetensors")):
        said = read_heading(path)
        found.append(
            ExampleInfo(path.stem, said.title or path.stem, said.kind, said.note, said.request)
        )
    return found


def open_example(folder: Path, name: str, store: RunStore) -> Run:
    """Return a run of ``folder``, which ``store`` holds from then on.

    Raises:
        InputError: there is none of that name.
    """
    known = {path.stem: path for path in folder.glob("*.safetensors")}
    if name not in known:  # also keeps a name from a link inside the folder
        raise InputError(f"There is no example named {name!r}.")
    return store.open(known[name])
