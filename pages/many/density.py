"""How much smaller models have become for what they score."""

from components.stage import show

show("density")
