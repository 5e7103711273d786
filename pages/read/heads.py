"""How many directions queries, keys and values fill, and which heads look things up."""

from components.stage import show

show("heads")
