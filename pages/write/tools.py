"""Tools: what a result does to the entropy, and which ways on last."""

from components.stage import show

show("tools")
