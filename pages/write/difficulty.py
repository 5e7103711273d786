"""Difficulty: entropy over graded questions, and a probe that chooses how to answer."""

from components.stage import show

show("difficulty")
