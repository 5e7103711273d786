"""How Chromium is started: once in a process, for tests of views and of the whole app alike."""

from __future__ import annotations

import shutil

PATH = shutil.which("chromium") or shutil.which("chromium-browser")
CLASS_HOST = "class.test"
"""A name under which a browser does not take the connection for a secure one."""

LAUNCH = {
    "executable_path": PATH,
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        f"--host-resolver-rules=MAP {CLASS_HOST} 127.0.0.1",
    ],
}
