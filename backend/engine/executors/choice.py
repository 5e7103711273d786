"""Which executor the settings name."""

from __future__ import annotations

from ...errors import EntroscopeError
from ...settings import Settings
from .base import Executor
from .local import LocalExecutor
from .remote import RemoteExecutor, threads_of


def make_executor(limits: Settings) -> Executor:
    """Return the executor that ``limits.executor`` names.

    Raises:
        EntroscopeError: Ray is not installed, or there is no cluster.
    """
    if limits.executor == "local":
        return LocalExecutor(limits)
    try:
        from .ray import RayCluster
    except ModuleNotFoundError as missing:
        if missing.name != "ray":
            raise
        raise EntroscopeError(
            f"ENTROSCOPE_EXECUTOR is {limits.executor!r}, and Ray is not installed. Install it "
            "with: pip install 'ray>=2.60,<3'"
        ) from missing
    cluster = RayCluster(limits.executor, threads_of(limits), limits.actor_gpus)
    return RemoteExecutor(limits, cluster)
