"""The command ``entroscope``: the dashboard, and every study from a shell."""

from __future__ import annotations

import sys

from .backend.__main__ import main as run_command


def main() -> int:
    """Run one command and return its exit code; without any, serve the dashboard."""
    return run_command(sys.argv[1:] or ["serve"])


if __name__ == "__main__":
    sys.exit(main())
