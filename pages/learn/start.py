"""Start: How sure is a language model of its next word?"""

from components.stage import show

PLACE = 0
FRONT = True
LENS = "text"  # without its form: one box, and the coloured text under it

show(LENS)
