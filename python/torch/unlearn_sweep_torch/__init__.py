"""The worker of `sweep` that trains with libtorch, and which libtorch it runs on.

The worker is a program of its own beside this file, without a libtorch: it is led to that of the torch which Python would
import here, wherever it lies (layers of environments, `--target`, `.pth` files). torch itself is looked up, not imported.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TypedDict

WANTED = "torch>=2.11,<2.12"
"""The torch that the worker is linked against: another minor release has other symbols."""

_RELEASE = re.compile(r"2\.11\.[0-9]+(\+.*)?")
_VERSION = re.compile(r"""^__version__\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)


class Found(TypedDict):
    """What this environment has."""

    worker: str
    """The worker's program."""
    libtorch: str | None
    """Folder of the libraries of torch, if it is one that the worker can run on."""
    problem: str | None
    """What is wrong with torch, and the way out, in one line."""


def found() -> Found:
    """Look the worker and its libtorch up.

    Nothing is imported and nothing is started.
    """
    worker = Path(__file__).absolute().with_name("bin") / "sweep-torch"
    torch = _torch()
    libtorch, problem = None, None
    if torch is None:
        problem = _problem("has none")
    elif not _RELEASE.fullmatch(version := _version(torch)):
        problem = _problem(f"has torch {version} ({torch})")
    elif not (torch / "lib" / "libtorch_cpu.so").is_file():
        problem = _problem(f"has one without lib/libtorch_cpu.so ({torch})")
    elif not worker.is_file():
        problem = f"{worker} is missing: pip install --force-reinstall --no-deps unlearn-sweep-torch"
    else:
        libtorch = str(torch / "lib")
    return {"worker": str(worker), "libtorch": libtorch, "problem": problem}


def _problem(has: str) -> str:
    return f"unlearn-sweep-torch wants torch 2.11, and {sys.executable} {has}: pip install '{WANTED}'"


def _torch() -> Path | None:
    """Folder of the torch that Python would import; none for a folder of that name which is no package."""
    try:
        spec = importlib.util.find_spec("torch")
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _version(torch: Path) -> str:
    try:
        text = (torch / "version.py").read_text("utf-8", "replace")
    except OSError:
        return "of an unknown version"
    match = _VERSION.search(text)
    return match[1] if match else "of an unknown version"
