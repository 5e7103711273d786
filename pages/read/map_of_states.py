"""All tokens in the plane they spread most in at one depth."""

from components.stage import show

show("states")
