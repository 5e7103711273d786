"""A class: the question that is open, everybody's answer to it, and what the teacher carries."""

from .answers import Answer
from .questions import AskedQuestion
from .room import Classroom

__all__ = ["Answer", "AskedQuestion", "Classroom"]
