"""Small networks that learn while one watches."""

from components.stage import show

show("training")
