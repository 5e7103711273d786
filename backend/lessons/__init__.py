"""The lessons that ship, one file each: declared here, found by themselves."""

from ..registry import import_all
from .base import (
    LESSONS,
    Claim,
    Lesson,
    Question,
    Step,
    check_lesson,
    declare,
    lessons_in_order,
    listed,
    plain,
)

__all__ = [
    "LESSONS",
    "Claim",
    "Lesson",
    "Question",
    "Step",
    "check_lesson",
    "declare",
    "lessons_in_order",
    "listed",
    "plain",
]

import_all(__name__, __path__)
