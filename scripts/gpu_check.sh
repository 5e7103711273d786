#!/usr/bin/env bash
# Time the studies on a machine with a GPU, in five minutes, and write gpu_check.md.
#
# Without a GPU, or with --tiny, it rehearses with tiny models.
# The repository's .venv is used where there is one. Else the Python that is there, with its own torch
# if it has one; what is missing is installed beside it, into a folder of the user's cache.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
if [ ! -x "$python" ]; then
    python="${XDG_CACHE_HOME:-$HOME/.cache}/entroscope/gpu_check/bin/python"
    if [ ! -x "$python" ]; then
        ${PYTHON:-python3} -m venv --system-site-packages "${python%/bin/python}"
    fi
    needed='transformers|accelerate|gguf|safetensors|numpy|pydantic|pydantic-settings|platformdirs|filelock|psutil'
    if ! "$python" -c 'import torch' 2>/dev/null; then needed="torch|$needed"; fi
    grep -E "^($needed)[=>]" requirements.txt |
        "$python" -m pip --disable-pip-version-check --quiet install -r /dev/stdin
fi

PYTHONPATH=. exec "$python" -m benchmarks.gpu_check --out gpu_check.md "$@"
