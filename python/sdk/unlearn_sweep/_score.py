"""Scores models that no sweep has made, by `sweep score`."""

from __future__ import annotations

import json
import os
import struct
import tempfile
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, SupportsFloat, TypeAlias, cast

from ._command import command

Models: TypeAlias = "str | os.PathLike[str] | Sequence[Sequence[SupportsFloat]] | Any"
"""Models on one side: an array [N, S] of logit-scaled confidences of N models on S forget examples (numpy, torch on the processor,
or lists), or the path of anything that `sweep score` reads."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Bound:
    """Bounds on one example's ε from the two attacks that were chosen for it, each at 95 %; `high` is none where too few errors
    were seen for one."""

    low: float
    high: float | None


@dataclass(frozen=True)
class CrossFit:
    """Our own estimator: attacks that are chosen on one half of the models and tried on the other.

    Attributes:
        n: Models per side.
        quality: About 1 for perfect unlearning, 0 where every example is told apart; noise takes it above 1.
        interval: Its 95 % interval.
        epsilons: Bounds on ε; [S].
    """

    n: int
    quality: float
    interval: Interval
    epsilons: tuple[Bound, ...]


@dataclass(frozen=True)
class Utility:
    """Accuracies as shares of retraining's, and the whole score; intervals where every model's accuracy is known."""

    retain_ratio: float
    retain_ratio_interval: Interval | None
    test_ratio: float
    test_ratio_interval: Interval | None
    score: float
    score_interval: Interval | None


@dataclass(frozen=True)
class Score:
    """The competition's score of N unlearned against N retrained models.

    Attributes:
        forget_score: Forgetting quality F in [0, 1]; about 0.2 for perfect unlearning, and at other N it doesn't compare.
        interval: Its 95 % bootstrap interval over models; none for `replicates=0`.
        epsilon: ε of each forget example in [0, 50]; [S].
        rule: What each ε comes from: `peaky-cap`, `separable`, `double` or `single`; [S].
        n: Models per side (N).
        cross_fitted: Our own estimator, from four models per side on.
        utility: The whole score, where accuracies are known on both sides.
    """

    forget_score: float
    interval: Interval | None
    epsilon: tuple[float, ...]
    rule: tuple[str, ...]
    n: int
    cross_fitted: CrossFit | None
    utility: Utility | None


def score(
    unlearned: Models,
    retrained: Models,
    *,
    retain_accuracy: float | None = None,
    test_accuracy: float | None = None,
    replicates: int = 200,
) -> Score:
    """Score unlearned models against retrained ones.

    Args:
        unlearned: Array [N, S] of logit-scaled confidences log(p / (1 - p)) of the right class, or a path.
        retrained: The same N and S, the same examples in the same order; or a path, such as the folder of a sweep's results, for
            its oracle.
        retain_accuracy: Mean accuracy of the unlearned models on the retain set, in percent; with `test_accuracy`, and
            retrained models whose accuracies are known.
        test_accuracy: The same on the test set, in percent.
        replicates: Bootstrap replicates behind the intervals; 0 for none.

    Returns:
        The numbers of `sweep score`, computed by the same code as those of every report.

    Raises:
        InputsRefused: The two sides don't compare, or a number isn't finite.
        Refused: One accuracy is given without the other.
        TypeError: An array has another shape than [N, S], or holds something that is no number.
    """
    with tempfile.TemporaryDirectory(prefix="sweep-score-") as folder:
        words: list[str | os.PathLike[str]] = ["score", "--format", "json", "--replicates", str(replicates)]
        for side, models in (("unlearned", unlearned), ("retrained", retrained)):
            words += [f"--{side}", _path(models, Path(folder) / f"{side}.npy", side)]
        for name, percent in (("retain", retain_accuracy), ("test", test_accuracy)):
            if percent is not None:
                words += [f"--{name}-accuracy", repr(float(percent))]
        return _read(json.loads(command(*words)))


def _path(models: Models, path: Path, side: str) -> str | os.PathLike[str]:
    if isinstance(models, str | os.PathLike):
        return models
    rows, columns, numbers = _numbers(models, side)
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    # The format wants the header to end at a multiple of 64 with a newline; 10 bytes come before it.
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers)
    return path


def _numbers(models: Any, side: str) -> tuple[int, int, bytes]:
    """Rows, columns, and the numbers as float64 in the order of rows."""
    if hasattr(models, "__array__") and find_spec("numpy"):
        import numpy

        dense = numpy.asarray(models.detach().cpu() if hasattr(models, "detach") else models)
        if dense.ndim != 2 or dense.dtype.kind not in "fiu":
            raise TypeError(f"{side} has shape {list(dense.shape)} of {dense.dtype}: give real numbers [models, examples]")
        return dense.shape[0], dense.shape[1], dense.astype("<f8", order="C").tobytes()
    try:
        rows = [array("d", map(float, row)) for row in cast("Iterable[Iterable[SupportsFloat]]", models)]
    except (TypeError, ValueError) as error:
        raise TypeError(f"{side} is no array [models, examples] of numbers: {error}") from error
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise TypeError(f"{side} has rows of {sorted(widths)} examples: give [models, examples]")
    return len(rows), widths.pop(), b"".join(struct.pack(f"<{len(row)}d", *row) for row in rows)


def _interval(value: dict[str, float] | None) -> Interval | None:
    return None if value is None else Interval(**value)


def _read(said: dict[str, Any]) -> Score:
    fitted = said["cross_fitted"]
    return Score(
        forget_score=said["forget_score"],
        interval=_interval(said["interval"]),
        epsilon=tuple(said["epsilon"]),
        rule=tuple(said["rule"]),
        n=said["n"],
        cross_fitted=None
        if fitted is None
        else CrossFit(
            n=fitted["n"],
            quality=fitted["quality"],
            interval=Interval(**fitted["interval"]),
            epsilons=tuple(Bound(**bound) for bound in fitted["epsilons"]),
        ),
        utility=None
        if "score" not in said
        else Utility(
            retain_ratio=said["retain_ratio"],
            retain_ratio_interval=_interval(said["retain_ratio_interval"]),
            test_ratio=said["test_ratio"],
            test_ratio_interval=_interval(said["test_ratio_interval"]),
            score=said["score"],
            score_interval=_interval(said["score_interval"]),
        ),
    )
