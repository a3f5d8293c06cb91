"""Reads what a sweep has left in its folder."""

from __future__ import annotations

import importlib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from ._command import command
from ._errors import ResultsUnusable

if TYPE_CHECKING:
    import pandas
    import polars

Library: TypeAlias = Literal["polars", "pandas"]


class Results:
    """The results of a sweep: a folder, read anew each time that it is asked.

    Tables have one row per point or run. Accuracies are fractions in [0, 1], seconds are wall-clock, and a number that isn't known
    is missing; `docs/results.md` and `docs/score.md` say what each column is.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r})"

    @property
    def report(self) -> Path:
        """The report, one HTML file that needs no network."""
        return self.folder / "report.html"

    def status(self) -> dict[str, int]:
        """How many runs ended in which way, such as `{"finished": 40}`; `pending` ones haven't yet.

        Raises:
            ResultsUnusable: The folder holds no results, or damaged ones.
        """
        status: dict[str, int] = json.loads(command("status", "--format", "json", self.folder))["status"]
        return status

    @overload
    def points(self) -> Any: ...
    @overload
    def points(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def points(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    def points(self, library: Library | None = None) -> Any:
        """One row per point: its parameters, mean accuracies, and score with its 95 % interval.

        Args:
            library: Whose table; polars if it is installed, else pandas, if none is named.

        Raises:
            ResultsUnusable: There is no such table yet; `Results.make_report` makes it.
            ImportError: Neither library is installed.
        """
        return self._table("points", library)

    @overload
    def runs(self) -> Any: ...
    @overload
    def runs(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def runs(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    def runs(self, library: Library | None = None) -> Any:
        """One row per run: its point, seed, how it ended, accuracies, seconds. Arguments and errors as those of `points`."""
        return self._table("runs", library)

    @overload
    def audits(self) -> Any: ...
    @overload
    def audits(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def audits(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    def audits(self, library: Library | None = None) -> Any:
        """One row per point and audit, of a grid with `[audit]`. Arguments and errors as those of `points`."""
        return self._table("audits", library)

    @overload
    def across(self) -> Any: ...
    @overload
    def across(self, library: Literal["polars"]) -> polars.DataFrame: ...
    @overload
    def across(self, library: Literal["pandas"]) -> pandas.DataFrame: ...
    def across(self, library: Library | None = None) -> Any:
        """One row per point over all forget sets, of a grid with several. Arguments and errors as those of `points`."""
        return self._table("forget-sets", library)

    def forget_sets(self) -> dict[str, Results]:
        """The results of each forget set by its name, of a grid with several, which have folders in this one; else nothing."""
        folders = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return {folder.name: Results(folder) for folder in folders if (folder / "plan.json").is_file()}

    def make_report(self) -> str:
        """Make tables, figures and report again from the results alone.

        Returns:
            The leaderboard as text.

        Raises:
            ResultsUnusable: The results can't be read, or are damaged.
        """
        return command("report", self.folder)

    def _table(self, name: str, library: Library | None) -> Any:
        chosen = library or next((known for known in ("polars", "pandas") if find_spec(known)), None)
        if chosen is None:
            raise ImportError("a table needs polars or pandas: pip install polars")
        tables: Any = importlib.import_module(chosen)
        # Types are those of the sweep's own table in Parquet; pandas alone can't read it.
        reads_parquet = chosen == "polars" or find_spec("pyarrow") is not None
        path = self.folder / f"{name}.{'parquet' if reads_parquet else 'csv'}"
        if not path.is_file():
            raise ResultsUnusable(
                f"there is no {path}: `sweep report {self.folder}` makes the tables that these results can have", None
            )
        return tables.read_parquet(path) if reads_parquet else tables.read_csv(path)
