"""What a lens is: one declaration from which page, form, report, shell and documentation follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints

from ..registry import Registry
from ..runs.asking import request_type
from ..runs.base import RUN_KINDS, Request, Run
from ..runs.fields import Field, filled_field, request_fields
from .panels.base import Panel

Group = Literal["learn", "read", "write", "many", "keep"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True)
class Example:
    """A run that ships with the project as ``examples/<name>.safetensors``.

    Attributes:
        name: begins with the kind of run.
        title: a name for people, or a question.
        note: one sentence on what to look at.
        fields: of the request, the model's left out.
        token: the token that the note speaks of, pinned at first; None for the most surprising.
    """

    name: str
    title: str
    note: str
    fields: Mapping[str, Any]
    token: int | None = None


@dataclass(frozen=True)
class Paper:
    """The claim of a paper that a lens makes visible.

    Attributes:
        number: in ``backend/papers.json``, which has title, citation and lens.
        claim: in our own words.
        look: the state of the lens that shows it, as an address holds it; see ``lenses.looks``.
        example: the shipped run that it is seen on.
        expected: the figure; None where the claim has none.
        found: the same figure, made from the shipped run.
        tolerance: how far apart they may be.
        remark: where our figure and the paper's disagree, and why.
    """

    number: int
    claim: str
    look: str
    example: str
    expected: float | None
    found: Callable[[Any], float]
    tolerance: float = 0.0
    remark: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lens:
    """One view on a kind of run.

    The page is ``pages/<group>/<file>.py`` with ``file`` as the title is written in snake case,
    and its address the same.

    Attributes:
        kind: of the run it shows, and its name for ``show``, shell and ``study_<kind>``.
        title: in tabs and menus.
        summary: one sentence.
        group: where it stands in the menu.
        family: the tab that it shares with its like; empty for a tab of its own.
        icon: of Material Symbols.
        panels: what it shows, the main picture first.
        figures: the few numbers of a whole run that stand on top.
        words: label of a field of the request where it differs from the declared one.
        examples: shipped runs; the first is shown before anything is asked.
        papers: whose claims it shows.
        guide: what to look for, in paragraphs.
        formerly: older addresses of its page, which still lead there.
        place: in its group, from the left.
        shows: the type of what it shows, where that is made of runs and no kind of its own.
    """

    kind: str
    title: str
    summary: str
    group: Group
    family: str = ""
    icon: str = "lens"
    panels: tuple[Panel, ...]
    figures: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    papers: tuple[Paper, ...] = ()
    guide: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    place: int = 50
    shows: type[Run] | None = None

    @property
    def file(self) -> str:
        """The name of its page, which is its address too."""
        return "_".join(self.title.lower().split())

    @property
    def run_type(self) -> type[Run]:
        """The type of the runs it shows."""
        return self.shows or RUN_KINDS[self.kind]

    @property
    def request_type(self) -> type[Request]:
        """The type of their requests."""
        return get_type_hints(self.shows)["request"] if self.shows else request_type(self.kind)

    @property
    def fields(self) -> Mapping[str, Field]:
        """What can be asked for, by name."""
        return request_fields(self.request_type)

    @property
    def subject(self) -> str | None:
        """What of the reader's it is about, "text" or "prompt"; None for a lens of its own."""
        field = filled_field(self.request_type)
        return field.filled if field else None

    def panel(self, name: str) -> Panel | None:
        """Return a panel by its name."""
        return next((each for each in self.panels if each.name == name), None)


LENSES: Registry[Lens] = Registry("lens")


def declare(lens: Lens) -> Lens:
    """File a lens under its kind; called once by every module of this room.

    Raises:
        ValueError: the kind has a lens already, two panels have one name, or two lenses one file.
    """
    names = [each.name for each in lens.panels]
    if len(set(names)) < len(names):
        raise ValueError(f"{lens.kind} has two panels of one name: {', '.join(names)}")
    if lens.file in {LENSES[kind].file for kind in LENSES}:
        raise ValueError(f"two lenses are called {lens.title!r}")
    return LENSES.register(lens.kind)(lens)


def lenses_of(group: Group) -> Sequence[Lens]:
    """Return the lenses of a group in the order of its tabs."""
    found = [LENSES[kind] for kind in LENSES if LENSES[kind].group == group]
    return sorted(found, key=lambda each: (each.place, each.title))
