"""Questions: twenty questions over a list."""

from components.stage import show

show("questions")
