"""Side by side: several answers to one prompt, conflicts marked."""

from components.stage import show

show("side_by_side")
