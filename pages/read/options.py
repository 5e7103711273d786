"""One question in every order of its options: did the order decide?"""

from components.stage import show

show("options")
