"""What different samplers make of one prompt, step by step."""

from components.stage import show

show("trajectories")
