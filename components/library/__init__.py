"""What can be done with a whole run, and the list of saved ones.

Every page of runs mounts ``run_actions`` once; the Library page is the rest.
"""

from .actions import run_actions

__all__ = ["run_actions"]
