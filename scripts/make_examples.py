"""Compute the runs that ship in examples/, so that every page shows something before a model loads.

Run it with ``make examples`` after a change to a study or to a run's fields. The texts are ours or
in the public domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dataset_examples
import trajectory_examples
import typer

import backend
from backend.models.language import LanguageModel
from backend.runs import AttentionRequest, Request, TextRequest

EXAMPLES = Path(__file__).parents[1] / "examples"
LARGEST = 1_000_000  # bytes a file may have

FACT = (
    "The capital of France is Paris, and the capital of Italy is Rome. The Earth goes around the "
    "Sun once a year, and the Moon goes around the Earth about once a month."
)
GARDEN_PATH = (
    "The old man the boat. The horse raced past the barn fell. While Anna dressed the baby spat up "
    "on the bed. The complex houses married and single soldiers and their families."
)
ARITHMETIC = "\n".join(
    ["2 + 3 = 5", "12 + 30 = 42", "7 × 8 = 56", "100 - 1 = 99", "17 + 28 = 45", "123 + 456 = 579"]
)
CODE = '''def fibonacci(n):
    """Return the n-th Fibonacci number."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


print([fibonacci(n) for n in range(10)])
'''
LIST = (
    "The days of the week are:\n1. Monday\n2. Tuesday\n3. Wednesday\n4. Thursday\n5. Friday\n"
    "6. Saturday\n7. Sunday\n\nThings to buy:\n- bread\n- butter\n- a second-hand accordion\n"
)
REPEATED = "A blue heron waits where two rivers meet, counting the slow boats home. " * 5
GERMAN = (
    "Es war einmal mitten im Winter, und die Schneeflocken fielen wie Federn vom Himmel herab, da "
    "saß eine Königin an einem Fenster, das einen Rahmen von schwarzem Ebenholz hatte, und nähte."
)
NONSENSE = (
    "’Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n"
    "All mimsy were the borogoves,\nAnd the mome raths outgrabe.\n\n"
    "xq7 lampshade quorum zvt 9931 of of the purple under seven minus umbrella &&%"
)
QUESTION = "What is entropy, in one sentence?"
ANSWER = (
    "Entropy is the average surprise of an uncertain outcome: the more evenly the possibilities "
    "share the probability, the larger it is."
)


@dataclass(frozen=True)
class Example:
    """A run to ship as ``examples/<name>.safetensors``; ``name`` begins with the run's kind.

    ``note`` is one sentence on what to look at.
    """

    name: str
    title: str
    note: str
    request: Request


def examples(model: LanguageModel) -> Iterator[Example]:
    """Yield every example, in no particular order."""
    yield from text_examples(model)
    yield from attention_examples()
    for requests in (trajectory_examples.REQUESTS, dataset_examples.REQUESTS):
        yield from (Example(name, *parts) for name, parts in requests.items())


def text_examples(model: LanguageModel) -> Iterator[Example]:
    """Yield the examples of the text study."""
    texts = {
        "fact": ("Plain facts", FACT, "Paris and Rome come as expected; the surprise is which fact "
                 "comes next: Earth, goes, about."),
        "garden_path": ("Garden-path sentences", GARDEN_PATH, "Surprisal jumps where the reading "
                        "breaks: boat, fell, spat, married."),
        "arithmetic": ("Arithmetic", ARITHMETIC, "The signs soon become certain; the digits after "
                       "= show that so small a model guesses its sums."),
        "code": ("Code", CODE, "The name fib is a surprise once; what follows from it is nearly "
                 "certain, indentation included."),
        "list": ("Lists", LIST, "From Tuesday on the weekdays cost nothing, while every thing to "
                 "buy is a new choice."),
        "repeated": ("A repeated sentence", REPEATED, "Entropy falls with every repetition: the "
                     "model copies, and is still unsure at the end of each sentence."),
        "german": ("German (Brothers Grimm)", GERMAN, "Words of a language the model hardly knows "
                   "fall into pieces, and the first piece is the hard one."),
        "nonsense": ("Nonsense (Lewis Carroll)", NONSENSE, "A poem the model knows a little, then "
                     "words in no order: lampshade, quorum, umbrella."),
    }  # fmt: skip
    for name, (title, text, note) in texts.items():
        yield Example(f"text_{name}", title, note, TextRequest(text=text, curve=True))
    prompt = model.tokenizer.render_chat([{"role": "user", "content": QUESTION}])
    chat = TextRequest(text=prompt + ANSWER, special_tokens="special", curve=True)
    note = (
        "Control tokens are read as such: the change of turns is nearly certain, the words of the "
        "answer are not (surprise, evenly, share)."
    )
    yield Example("text_chat", "A chat with its template", note, chat)


def attention_examples() -> Iterator[Example]:
    """Yield the examples of the attention study; the texts are those of text examples."""
    texts = {
        "fact": ("Plain facts", FACT, "Most heads rest on the first token, the sink; the first "
                 "layers spread widely."),
        "repeated": ("A repeated sentence", REPEATED, "From the second round on, induction heads "
                     "look at what followed the same word before."),
        "code": ("Code", CODE, "Heads that look at the token before stand beside heads that look "
                 "far back, to where a name was last used."),
    }  # fmt: skip
    for name, (title, text, note) in texts.items():
        yield Example(f"attention_{name}", title, note, AttentionRequest(text=text))


def main() -> None:
    """Compute and write every example, on the CPU so that all machines agree."""
    model = backend.load_model("bundled", device="cpu", dtype="float32")
    for example in examples(model):
        run = replace(backend.study(model, example.request), title=example.title, note=example.note)
        path = run.save(EXAMPLES / f"{example.name}.safetensors")
        size = path.stat().st_size
        typer.echo(f"{path.name}: {size:,} bytes, {run.seconds:.1f} s")
        if size > LARGEST:
            raise SystemExit(f"{path.name} is over {LARGEST:,} bytes.")


if __name__ == "__main__":
    main()
