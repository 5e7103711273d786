"""``python -m backend …``: the studies from a shell.

Exit code 2 and one line on standard error for whatever a reader can put right; 130 after Ctrl+C.
"""

from __future__ import annotations

import sys

import typer

from .characters import one_printable_line
from .commands import app
from .errors import EntroscopeError

_NAME = "python -m backend" if __package__ == "backend" else "entroscope"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        return app(arguments, prog_name=_NAME, standalone_mode=False) or 0
    except EntroscopeError as error:
        return _refuse(str(error))
    except typer.Exit as finished:
        return finished.exit_code
    except typer.Abort:
        return 130
    except Exception as error:
        # Typer's own complaints about options have a message meant for people.
        if not hasattr(error, "format_message"):
            raise
        return _refuse(error.format_message())  # type: ignore[reportAttributeAccessIssue]


def _refuse(message: str) -> int:
    if message:  # empty after a bare call, which prints the help
        typer.echo("error: " + one_printable_line(" ".join(message.split())), err=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
