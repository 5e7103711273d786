"""The classroom: one question, one answer a reader, and what the teacher carries to all.

Everything is in memory and on the disk, so that a reload, a second tab and a server that was
started anew find it as it was. Methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any

from ..errors import InputError
from ..lenses.looks import Look, read_look
from ..lessons import Lesson
from ..runs import Run
from ..storage.csv_file import table_csv
from .answers import Answer, judge
from .questions import AskedQuestion, now, question_of
from .record import Record
from .tally import tally_of, words_of

MOST_QUESTIONS = 2_000
MOST_READERS = 2_000
"""Who may answer one question."""


@dataclass(frozen=True)
class _State:
    """What is on the screens; replaced as a whole, so that nobody waits for a disk to see it."""

    asked: AskedQuestion | None = None
    run: Run | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    followed: Mapping[str, Any] | None = None


class Classroom:
    """What a class shares.

    Args:
        folder: of its file.
        lesson: finds a lesson by the name that addresses have for it; raises ``InputError``.
        run_at: finds the run that a look shows; None where it is gone.
        changed: called after every change, whoever made it.
    """

    def __init__(
        self,
        folder: Path,
        lesson: Callable[[str], Lesson],
        run_at: Callable[[Look], Run | None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._record = Record(folder)
        self._lesson = lesson
        self._run_at = run_at
        self.changed = changed
        self._writing = RLock()
        self._known: _State | None = None  # not read yet

    # ── the question ───────────────────────────────────────────────────────────────────────────

    @property
    def question(self) -> AskedQuestion | None:
        """The question on all screens, open or closed."""
        asked = self._state.asked
        return None if asked is None or asked.away else asked

    def ask(self, lesson: str, step: int) -> AskedQuestion:
        """Ask the class the question of a step, in the place of the one before.

        Raises:
            InputError: there is no such step, it asks nothing, or too much was asked already.
            LibraryError: it cannot be written down.
        """
        found = self._lesson(lesson)
        look = read_look(found.steps[step].look) if 0 <= step < len(found.steps) else None
        run = None if look is None else self._run_at(look)
        asked = question_of(found, lesson, step, run)
        with self._writing:
            if self._record.count() >= MOST_QUESTIONS:
                raise InputError(
                    f"A class keeps {MOST_QUESTIONS:,} questions; this would be one more."
                )
            if self.question is not None and self.question.open:
                self._change(closed=now())
            self._record.put_question(asked)
            self._known = replace(self._state, asked=asked, run=run, answers={})
        self.changed()
        return asked

    def close(self) -> None:
        """Take no more answers, and show everybody what was answered. Raises as ``ask``."""
        self._change(closed=now())
        self.changed()

    def reopen(self) -> None:
        """Take answers again. Raises as ``ask``."""
        self._change(closed="", away=False)
        self.changed()

    def put_away(self) -> None:
        """Take the question off all screens. Raises as ``ask``."""
        asked = self.question
        if asked is not None:
            self._change(away=True, closed=asked.closed or now())
            self.changed()

    def answer(self, reader: str, question_id: str, said: Mapping[str, Any]) -> Answer:
        """Take a reader's answer, in the place of an earlier one.

        Raises:
            InputError: it answers no question that is open.
            LibraryError: it cannot be written down.
        """
        with self._writing:
            state, asked = self._state, self.question
            if asked is None or asked.id != question_id or not asked.open:
                raise InputError("This question is closed.")
            if reader not in state.answers and len(state.answers) >= MOST_READERS:
                raise InputError(f"A question takes {MOST_READERS:,} answers; they are all there.")
            found = judge(asked, state.run, said)
            self._record.put_answer(asked.id, reader, found, now())
            self._known = replace(state, answers={**state.answers, reader: found})
        self.changed()
        return found

    # ── what is followed ───────────────────────────────────────────────────────────────────────

    @property
    def followed(self) -> Mapping[str, Any] | None:
        """``{"look": …}`` that all are carried to, None while nobody is."""
        return self._state.followed

    def follow(self, look: str | None) -> None:
        """Carry all to a look, or let them go.

        Raises:
            InputError: it is none.
            LibraryError: it cannot be written down.
        """
        wanted = None if look is None else {"look": str(read_look(look))}
        with self._writing:
            if wanted == self.followed:
                return
            self._record.put_followed(wanted)
            self._known = replace(self._state, followed=wanted)
        self.changed()

    # ── what is told ───────────────────────────────────────────────────────────────────────────

    def seen_by(self, reader: str, *, teaches: bool) -> dict[str, Any]:
        """Return what a reader's screen shows of the class, ready for JSON.

        A student sees the own answer alone until the question is closed, and then numbers that
        name nobody; a teacher sees those at once, and the words.
        """
        state, asked = self._state, self.question
        if asked is None:
            return {"question": None, "follow": state.followed}
        own = state.answers.get(reader)
        told: dict[str, Any] = {
            "id": asked.id,
            "lesson": asked.lesson,
            "title": asked.title,
            "step": asked.step,
            "ask": asked.ask,
            "kind": asked.kind,
            "look": asked.look,
            "before": asked.before,
            "keys": list(asked.keys),
            "open": asked.open,
            "mine": None if own is None else {"label": own.label},
        }
        if own is not None and not asked.open:
            told["mine"] |= {"right": own.right, "nats": own.nats, "least": own.least}
        if teaches or not asked.open:
            told["right"] = asked.right
            told["tally"] = tally_of(asked, state.run, state.answers.values())
        if teaches and asked.kind == "word":
            told["words"] = words_of(state.answers.values())
        return {"question": told, "follow": state.followed}

    def csv(self) -> str:
        """Return every answer to every question as CSV. Readers are numbers, by their first answer.

        Raises:
            LibraryError: it cannot be read.
        """
        rows, numbers = [], {}
        for asked in self._record.questions():
            for reader, (each, at) in self._record.answers(asked.id).items():
                number = numbers.setdefault(reader, len(numbers) + 1)
                surprisal = "" if each.nats is None else f"{each.nats:.4f}"
                over = "" if each.least is None else f"{each.least:.4f}"
                about = (asked.asked, asked.title, asked.step + 1, asked.ask)
                rows.append((*about, number, at, each.label, surprisal, over, each.right))
        names = (
            "asked", "lesson", "step", "question", "reader", "answered", "answer",
            "surprisal_nats", "surprisal_over_nats", "right",
        )  # fmt: skip
        return table_csv({name: [row[at] for row in rows] for at, name in enumerate(names)})

    # ── inside ─────────────────────────────────────────────────────────────────────────────────

    @property
    def _state(self) -> _State:
        """What is on the screens; read from the disk at first."""
        if self._known is None:
            with self._writing:
                if self._known is None:
                    self._known = self._read()
        return self._known

    def _read(self) -> _State:
        asked = self._record.last_question()
        if asked is None:
            return _State(followed=self._record.followed())
        given = {reader: each for reader, (each, _) in self._record.answers(asked.id).items()}
        run = self._run_at(read_look(asked.look))
        return _State(asked, run, given, self._record.followed())

    def _change(self, **changes: Any) -> None:
        with self._writing:
            asked = self._state.asked
            if asked is None:
                raise InputError("No question was asked yet.")
            made = replace(asked, **changes)
            self._record.put_question(made)
            self._known = replace(self._state, asked=made)
