"""The data-set example that ships: thirty sentences from plain to absurd."""

from __future__ import annotations

from backend.runs import DatasetRequest

SENTENCES = (
    "The cat sat on the mat.",
    "The sun rises in the east and sets in the west.",
    "Water is made of hydrogen and oxygen.",
    "Once upon a time there was a king who had three daughters.",
    "Please close the door when you leave the room.",
    "One, two, three, four, five, six, seven, eight, nine, ten.",
    "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday.",
    "To be, or not to be, that is the question.",
    "The quick brown fox jumps over the lazy dog.",
    "Colourless green ideas sleep furiously.",
    "Furiously sleep ideas green colourless.",
    "The horse raced past the barn fell.",
    "The old man the boat.",
    "Buffalo buffalo Buffalo buffalo buffalo buffalo Buffalo buffalo.",
    "My grandmother's accordion has outlived two husbands and a parrot.",
    "The committee adjourned at noon without having agreed on a date.",
    "She sells sea shells by the sea shore.",
    "E = mc squared is the most famous equation in physics.",
    "for i in range(10): print(i)",
    "SELECT name FROM users WHERE age > 30;",
    "3.14159265358979323846264338327950288",
    "ATGGCCATTGTAATGGGCCGCTGAAAGGGTGCCCGATAG",
    "Der Mond ist aufgegangen, die goldnen Sternlein prangen.",
    "Gallia est omnis divisa in partes tres.",
    "Le chat dort sur le canapé.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
    "asdf jkl qwer uiop zxcv",
    "the the the the the the the the the the",
    "Yesterday I ate a bowl of purple thunder with my left shoe.",
    "🙂🙃🙂🙃🙂🙃",
)

REQUESTS = {
    "dataset_sentences": (
        "Thirty sentences",
        "Sort by perplexity: lists and plain facts come first, garden paths and nonsense last.",
        DatasetRequest(texts=SENTENCES),
    )
}
