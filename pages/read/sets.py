"""Options read as a set, so that no order is left that could decide."""

from components.stage import show

show("sets")
