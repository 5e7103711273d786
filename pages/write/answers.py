"""One question asked many times: is it the words that differ, or what is said?"""

from components.stage import show

show("answers")
