"""Two runs of one kind: A above B, and between them the difference."""

from components.stage import show

show("compare")
