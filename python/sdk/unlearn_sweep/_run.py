"""Carries a sweep out."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from ._command import SOME_RUNS_FAILED, carry_out
from ._errors import UnfinishedRuns, of_exit
from ._results import Results

Ended: TypeAlias = Literal["failed", "timed-out", "diverged", "finished"]


def _show(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(
    grid: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    settings: Mapping[str, object] | None = None,
    only: str | None = None,
    jobs: int | None = None,
    retry: Sequence[Ended] = (),
    accept_changed_inputs: bool = False,
    trust: bool = False,
    progress: Callable[[str], object] | None = _show,
) -> Results:
    """Carry out the runs of a grid that are missing, and make the report.

    Finished runs are neither lost nor repeated: the same call again goes on where the last one was stopped.

    Args:
        grid: The grid, a TOML file.
        out: Folder of the results; made if it isn't there.
        settings: Keys of the grid with other values, `{"seeds": 4, "training.epochs": 2}`.
        only: Carry out the points alone that this selects, `"method == 'ct'"`.
        jobs: Workers at a time on each device; one per core, or one per GPU, if none.
        retry: Carry out runs again that ended so.
        accept_changed_inputs: Go on although the data or the original changed since the last time.
        trust: Start a command, or Python, that the grid names and that isn't plainly yours.
        progress: Called in this thread with each line of progress; printed to standard error by default, dropped if none.

    Returns:
        The results; of a grid with several forget sets, see `Results.forget_sets` and `Results.across`. If some runs failed,
        diverged or took too long, an `UnfinishedRuns` warning says how many.

    Raises:
        Refused: The grid or the engine can't be used; names file, row and way out.
        InputsRefused: The data or the original can't be used.
        InputsChanged: They aren't what they were when the results were begun.
        ResultsUnusable: The results can't be read or written.
        Locked: Another scheduler works on them.
        NothingSelected: `only` selects no point.
        Interrupted: The sweep was told to stop from outside.
        TypeError: A setting is no number, text, truth value or list of them.
    """
    words: list[str | os.PathLike[str]] = ["run", grid, "--out", out, "--progress", "lines"]
    for key, value in (settings or {}).items():
        words += ["--set", f"{key}={_toml(key, value)}"]
    if only is not None:
        words += ["--only", only]
    if jobs is not None:
        words += ["--jobs", str(jobs)]
    for ended in retry:
        words += ["--retry", ended]
    if accept_changed_inputs:
        words.append("--accept-changed-inputs")
    if trust:
        words.append("--trust")
    code, _, said = carry_out(tuple(words), progress)
    if code == SOME_RUNS_FAILED:
        # The last line counts how runs ended.
        warnings.warn(said[-1] if said else "some runs have not finished", UnfinishedRuns, stacklevel=2)
    elif code != 0:
        raise of_exit(code, said)
    return Results(out)


def _toml(key: str, value: object) -> str:
    """A value as TOML, which writes numbers, texts, truth values and lists as JSON does."""
    kinds = (bool, int, float, str, list, tuple)
    if not isinstance(value, kinds) or not all(isinstance(item, kinds) for item in _items(value)):
        raise TypeError(f"the setting {key} is {value!r}: give a number, a text, a truth value or a list of them")
    return json.dumps(value)


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
