"""A message inside a chat template: which part of the rendered text the reader wrote."""

from __future__ import annotations

from collections.abc import Callable

# Two characters for private use: no template writes them itself.
_STAND_IN = "\ue000\ue001"


def split_chat(
    render: Callable[[str], str], message: str, control: list[str]
) -> tuple[str, str, str]:
    """Return a rendered message in three parts; control tokens of the template are in the outer.

    Control tokens part a text anyway: reading the parts one by one gives what reading the whole
    would, except that look-alikes in the middle part can be taken as plain text.

    Args:
        render: puts a message into the template.
        message: what the reader wrote.
        control: texts of the control tokens.

    Raises:
        ValueError: the template does more to the message than taking white space off its ends.
    """
    before, _, after = render(_STAND_IN).partition(_STAND_IN)
    rendered = render(message)
    start, end = len(before), len(rendered) - len(after)
    framed = rendered.startswith(before) and rendered.endswith(after) and start <= end
    if not framed or rendered[start:end].strip() != message.strip():
        raise ValueError("the template rewrites what it is given")
    cut = max((before.rfind(each) + len(each) for each in control if each in before), default=0)
    rest = min((after.find(each) for each in control if each in after), default=len(after))
    return before[:cut], rendered[cut : end + rest], after[rest:]
