"""How far from what came the misses of every prediction lie."""

from components.stage import show

show("earth_mover")
