"""Volume: the space that answers span."""

from components.stage import show

show("volume")
