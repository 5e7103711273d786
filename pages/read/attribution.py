"""Which part of the model wrote the token that came, which spoke against."""

from components.stage import show

show("attribution")
