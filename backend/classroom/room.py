"""The classroom: one question, one answer a reader, and what the teacher carries to all.

Everything is in memory and on the disk, so that a reload, a second tab and a server that was
started anew find it as it was. Methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
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
        self._lock = RLock()
        self._questions: list[AskedQuestion] | None = None  # not read yet
        self._answers: dict[str, Answer] = {}
        self._followed: Mapping[str, Any] | None = None
        self._run: Run | None = None

    # ── the question ───────────────────────────────────────────────────────────────────────────

    @property
    def question(self) -> AskedQuestion | None:
        """The question on all screens, open or closed."""
        with self._lock:
            questions = self._read()
            return questions[-1] if questions and not questions[-1].away else None

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
        with self._lock:
            questions = self._read()
            if len(questions) >= MOST_QUESTIONS:
                raise InputError(
                    f"A class keeps {MOST_QUESTIONS:,} questions; this would be one more."
                )
            if self.question is not None and self.question.open:
                self._change(closed=now())
            self._record.put_question(asked)
            questions.append(asked)
            self._answers, self._run = {}, run
        self.changed()
        return asked

    def close(self) -> None:
        """Take no more answers, and show everybody what was answered. Raises as ``ask``."""
        self._now(closed=now())

    def reopen(self) -> None:
        """Take answers again. Raises as ``ask``."""
        self._now(closed="", away=False)

    def put_away(self) -> None:
        """Take the question off all screens. Raises as ``ask``."""
        asked = self.question
        self._now(away=True, closed=(asked.closed if asked else "") or now())

    def answer(self, reader: str, question_id: str, said: Mapping[str, Any]) -> Answer:
        """Take a reader's answer, in the place of an earlier one.

        Raises:
            InputError: it answers no question that is open.
            LibraryError: it cannot be written down.
        """
        with self._lock:
            asked = self.question
            if asked is None or asked.id != question_id or not asked.open:
                raise InputError("This question is closed.")
            if reader not in self._answers and len(self._answers) >= MOST_READERS:
                raise InputError(f"A question takes {MOST_READERS:,} answers; they are all there.")
            found = judge(asked, self._shown(), said)
            self._record.put_answer(asked.id, reader, found, now())
            self._answers[reader] = found
        self.changed()
        return found

    # ── what is followed ───────────────────────────────────────────────────────────────────────

    @property
    def followed(self) -> Mapping[str, Any] | None:
        """``{"look": …}`` that all are carried to, None while nobody is."""
        with self._lock:
            self._read()
            return self._followed

    def follow(self, look: str | None) -> None:
        """Carry all to a look, or let them go.

        Raises:
            InputError: it is none.
            LibraryError: it cannot be written down.
        """
        wanted = None if look is None else {"look": str(read_look(look))}
        with self._lock:
            self._read()
            if wanted == self._followed:
                return
            self._record.put_followed(wanted)
            self._followed = wanted
        self.changed()

    # ── what is told ───────────────────────────────────────────────────────────────────────────

    def seen_by(self, reader: str, *, teaches: bool) -> dict[str, Any]:
        """Return what a reader's screen shows of the class, ready for JSON.

        A student sees the own answer alone until the question is closed, and then numbers that
        name nobody; a teacher sees those at once, and the words.
        """
        with self._lock:
            asked, own = self.question, self._answers.get(reader)
            followed = self._followed
            if asked is None:
                return {"question": None, "follow": followed}
            given = list(self._answers.values())
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
                told["mine"] = {
                    "label": own.label,
                    "right": own.right,
                    "nats": own.nats,
                    "least": own.least,
                }
            if teaches or not asked.open:
                told |= {"right": asked.right, "tally": tally_of(asked, self._shown(), given)}
            if teaches and asked.kind == "word":
                told["words"] = words_of(given)
            return {"question": told, "follow": followed}

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

    def _read(self) -> list[AskedQuestion]:
        """Return all questions; reads the file once."""
        if self._questions is None:
            questions = self._record.questions()
            if questions:
                given = self._record.answers(questions[-1].id)
                self._answers = {reader: each for reader, (each, _) in given.items()}
            self._followed = self._record.followed()
            self._questions = questions
        return self._questions

    def _now(self, **changes: Any) -> None:
        with self._lock:
            if not self._read():
                raise InputError("No question was asked yet.")
            self._change(**changes)
        self.changed()

    def _change(self, **changes: Any) -> None:
        questions = self._read()
        made = replace(questions[-1], **changes)
        self._record.put_question(made)
        questions[-1] = made

    def _shown(self) -> Run | None:
        """Return the run of the question; found once, as its file may go meanwhile."""
        asked = self.question
        if self._run is None and asked is not None:
            self._run = self._run_at(read_look(asked.look))
        return self._run
