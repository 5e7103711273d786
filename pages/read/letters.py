"""Multiple choice in two languages: the pull of letters, and what is known."""

from components.stage import show

show("letters")
