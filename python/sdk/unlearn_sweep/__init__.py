"""Machine-unlearning sweeps from Python: start one, read its results, score arrays.

Everything is done by the command `sweep` of the same package; every number is the one that the command prints.

    import unlearn_sweep as sweep

    results = sweep.run("grid.toml", "results/mine")     # resuming is running again
    results.points()                                     # a polars or pandas table
    sweep.score(unlearned, retrained).forget_score       # arrays [N, S]

What the command refuses is raised as a `SweepError` with the command's own words.
"""

from ._command import command
from ._errors import (
    CommandMissing,
    InputsChanged,
    InputsRefused,
    Interrupted,
    Locked,
    NothingSelected,
    Refused,
    ResultsUnusable,
    SweepError,
    UnfinishedRuns,
)
from ._results import Results
from ._run import run
from ._score import Bound, CrossFit, Interval, Score, Utility, score

__all__ = [
    "Bound",
    "CommandMissing",
    "CrossFit",
    "InputsChanged",
    "InputsRefused",
    "Interrupted",
    "Interval",
    "Locked",
    "NothingSelected",
    "Refused",
    "Results",
    "ResultsUnusable",
    "Score",
    "SweepError",
    "UnfinishedRuns",
    "Utility",
    "command",
    "run",
    "score",
]
