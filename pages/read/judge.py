"""Two answers judged in both orders, and what is left without the order."""

from components.stage import show

show("judge")
