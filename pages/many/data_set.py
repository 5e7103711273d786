"""How hard each of many texts was, in one table."""

from components.stage import show

show("dataset")
