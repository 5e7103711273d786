"""Playground: Pull at a distribution and see what entropy makes of it."""

from components.stage import show

PLACE = 40
LENS = "text"
VIEW = "playground"  # beside the text, whose pinned token it begins with

show(LENS)
