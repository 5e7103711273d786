"""A translator at work: how sure each step is, and where in the source it looks."""

from components.stage import show

show("translation")
