"""How widely every attention head looked, at every token."""

from components.stage import show

show("attention")
