"""The SDK against the command itself; `SWEEP_COMMAND` names it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import types
import unittest
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import unlearn_sweep as sweep
from unlearn_sweep import _command, _results

GRID = """
name = "toy"
engine = "toy"
seeds = 4
[oracle]
models = 4
held-out = 0
[method.identity]
[method.simulated]
"""
UNLEARNED = [[0.1, 2.0], [0.4, 1.5], [-0.3, 1.1], [0.2, 2.4]]
RETRAINED = [[0.3, -1.0], [0.0, -1.4], [-0.5, -0.3], [0.6, -2.0]]


class Bench(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.grid = self.write("grid.toml", GRID)
        self.out = self.root / "results"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text, "utf-8")
        return path


class Run(Bench):
    def test_a_sweep_is_carried_out_once(self) -> None:
        lines: list[str] = []
        results = sweep.run(self.grid, self.out, progress=lines.append)
        self.assertEqual(results.status(), {"finished": 12})
        self.assertTrue(results.report.is_file())
        self.assertEqual(len([line for line in lines if " finished in " in line]), 12, lines)
        again: list[str] = []
        sweep.run(self.grid, self.out, progress=again.append)
        self.assertEqual([line for line in again if " finished in " in line], [])

    def test_settings_are_those_of_the_grid(self) -> None:
        results = sweep.run(
            self.grid,
            self.out,
            settings={"seeds": 3, "name": "mine", "oracle.models": 3, "method.simulated.shift": [0.5, 1.0]},
            only="method == 'simulated'",
            jobs=1,
            progress=None,
        )
        self.assertEqual(results.status().get("finished"), 3 + 2 * 3)
        with self.assertRaisesRegex(TypeError, "seeds is None"):
            sweep.run(self.grid, self.out, settings={"seeds": None})

    def test_what_the_command_refuses_is_raised_in_its_words(self) -> None:
        bad = self.write("bad.toml", GRID.replace("seeds = 4", 'seeds = "x"') + "[method.nonsense]\n")
        with self.assertRaises(sweep.Refused) as caught:
            sweep.run(bad, self.out, progress=None)
        error = caught.exception
        self.assertEqual(error.code, 2)
        # Every problem in one pass, each with its place, and nothing that is no error.
        self.assertIn("`seeds` must be a whole number", error.text)
        self.assertIn("nonsense", error.text)
        self.assertTrue(error.text.startswith("error"), error.text)

    def test_other_exit_codes_are_other_errors(self) -> None:
        with self.assertRaises(sweep.NothingSelected):
            sweep.run(self.grid, self.out, only="method == 'none'", progress=None)
        self.out.mkdir()
        (self.out / "journal.jsonl").write_text("nonsense\n")
        with self.assertRaises(sweep.ResultsUnusable):
            sweep.run(self.grid, self.out, progress=None)

    def test_runs_that_fail_are_warned_of(self) -> None:
        grid = self.write("failing.toml", GRID + 'fault = "diverge"\n')
        with self.assertWarnsRegex(sweep.UnfinishedRuns, "8 finished, 4 diverged"):
            results = sweep.run(grid, self.out, progress=None)
        self.assertEqual(results.status(), {"finished": 8, "diverged": 4})

    def test_interruptions_are_passed_on_and_nothing_is_left_running(self) -> None:
        grid = self.write("slow.toml", GRID + "work-ms = 600000\n")
        told: list[str] = []

        def impatient(line: str) -> None:
            told.append(line)
            # The floor has ended, and the runs that take ten minutes are in hand; then the sweep says that it waits for them.
            if "identity" in line or "will finish" in line:
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            sweep.run(grid, self.out, jobs=1, progress=impatient)
        self.assertIn("is pending again", "\n".join(told))
        # Whoever still worked would hold the lock.
        sweep.run(grid, self.out, only="method == 'identity'", progress=None)

class Tables(Bench):
    def test_tables_are_read_with_what_is_installed(self) -> None:
        results: Any = sweep.run(self.grid, self.out, progress=None)
        read: list[tuple[str, str]] = []

        def library(name: str) -> types.ModuleType:
            module: Any = types.ModuleType(name)
            module.read_parquet = lambda path: read.append((f"{name}.read_parquet", path.name))
            module.read_csv = lambda path: read.append((f"{name}.read_csv", path.name))
            assert isinstance(module, types.ModuleType)
            return module

        cases = [
            ({"polars", "pandas", "pyarrow"}, None, ("polars.read_parquet", "points.parquet")),
            ({"pandas"}, None, ("pandas.read_csv", "points.csv")),
            ({"pandas", "pyarrow"}, None, ("pandas.read_parquet", "points.parquet")),
            ({"polars", "pandas"}, "pandas", ("pandas.read_csv", "points.csv")),
        ]
        for installed, named, expected in cases:
            with self.subTest(installed=installed, named=named):
                modules = {name: library(name) for name in ("polars", "pandas")}
                with (
                    mock.patch.dict(sys.modules, modules),
                    mock.patch.object(_results, "find_spec", lambda name, there=installed: name in there or None),
                ):
                    results.points(named)
                self.assertEqual(read.pop(), expected)
        with mock.patch.object(_results, "find_spec", lambda name: None), self.assertRaisesRegex(ImportError, "pip install"):
            results.points()

    def test_forget_sets_are_folders_of_results_in_that_of_the_grid(self) -> None:
        whole = sweep.run(self.grid, self.out / "set", progress=None)
        self.assertEqual(whole.forget_sets(), {})
        (self.out / "notes").mkdir()
        several = sweep.Results(self.out)
        self.assertEqual({name: own.status() for name, own in several.forget_sets().items()}, {"set": whole.status()})
        self.assertEqual(sweep.Results(self.out / "nowhere").forget_sets(), {})

    def test_a_table_that_is_not_there_says_how_it_is_made(self) -> None:
        results = sweep.run(self.grid, self.out, progress=None)
        with (
            mock.patch.object(_results, "find_spec", lambda name: name == "polars" or None),
            mock.patch.dict(sys.modules, {"polars": types.ModuleType("polars")}),
            self.assertRaisesRegex(sweep.ResultsUnusable, "sweep report"),
        ):
            results.audits()
        with self.assertRaises(sweep.SweepError):
            sweep.Results(self.root / "none").status()

    def test_the_numbers_are_those_of_the_csv(self) -> None:
        for library in ("polars", "pandas"):
            try:
                __import__(library)
            except ImportError:
                continue
            results: Any = sweep.run(self.grid, self.out, progress=None)
            rows = (self.out / "points.csv").read_text().splitlines()
            place = rows[0].split(",").index("retain_acc")
            table = results.points(library)
            self.assertEqual(list(table["retain_acc"]), [float(row.split(",")[place]) for row in rows[1:]])


class Score(Bench):
    def test_lists_are_scored_by_the_command(self) -> None:
        scored = sweep.score(UNLEARNED, RETRAINED, replicates=50)
        self.assertEqual((scored.n, len(scored.epsilon), scored.rule[1]), (4, 2, "separable"))
        self.assertEqual(scored.epsilon[1], 50.0)
        assert scored.interval is not None and scored.cross_fitted is not None
        self.assertLessEqual(scored.interval.low, scored.forget_score)
        self.assertEqual(len(scored.cross_fitted.epsilons), 2)
        self.assertIsNone(scored.utility)
        self.assertIsNone(sweep.score(UNLEARNED, RETRAINED, replicates=0).interval)

    def test_an_array_reaches_the_command_bit_for_bit(self) -> None:
        results = sweep.run(self.grid, self.out, progress=None)
        runs = [line.split(",") for line in (self.out / "runs.csv").read_text().splitlines()]
        wanted = [run[0] for run in runs[1:] if run[2] == "simulated"]
        # A file of the format's reference, read by hand: its header ends with a newline, float64 come behind.
        bodies = [(self.out / "runs" / run / "confidences.npy").read_bytes() for run in wanted]
        rows = [list(memoryview(body[body.index(b"\n") + 1 :]).cast("d")) for body in bodies]
        scored = sweep.score(rows, self.out, replicates=20, retain_accuracy=98.0, test_accuracy=84.0)
        self.assertEqual((scored.n, len(scored.epsilon)), (4, len(rows[0])))
        points = [line.split(",") for line in (results.folder / "points.csv").read_text().splitlines()]
        point = dict(zip(points[0], next(point for point in points if point[0] == "simulated"), strict=True))
        self.assertEqual(scored.forget_score, float(point["forgetting_quality"]))
        assert scored.utility is not None
        self.assertAlmostEqual(
            scored.utility.score,
            scored.forget_score * scored.utility.retain_ratio * scored.utility.test_ratio,
            delta=1e-12,
        )

    def test_arrays_of_numpy_are_scored_alike_whatever_their_order(self) -> None:
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not installed")
        expected = sweep.score(UNLEARNED, RETRAINED, replicates=20)
        for given in (numpy.array(UNLEARNED), numpy.asfortranarray(UNLEARNED), numpy.array(UNLEARNED)[::-1][::-1]):
            self.assertEqual(sweep.score(given, numpy.array(RETRAINED), replicates=20), expected)
        with self.assertRaisesRegex(TypeError, r"unlearned has shape \[2\]"):
            sweep.score(numpy.zeros(2), RETRAINED)

    def test_what_does_not_compare_is_refused(self) -> None:
        with self.assertRaisesRegex(sweep.InputsRefused, "2 forget examples on the unlearned side but 1"):
            sweep.score(UNLEARNED, [row[:1] for row in RETRAINED])
        with self.assertRaisesRegex(sweep.InputsRefused, "error"):
            sweep.score([[float("nan")] * 2] * 4, RETRAINED)
        with self.assertRaisesRegex(TypeError, "unlearned has rows of"):
            sweep.score([[1.0], [1.0, 2.0]], RETRAINED)
        with self.assertRaisesRegex(TypeError, "retrained is no array"):
            sweep.score(UNLEARNED, [1.0, 2.0])
        with self.assertRaises(sweep.Refused):
            sweep.score(UNLEARNED, self.root, retain_accuracy=90.0)


class Program(Bench):
    def test_python_becomes_the_command(self) -> None:
        said = subprocess.run([sys.executable, "-m", "unlearn_sweep", "--version"], capture_output=True, text=True, check=False)
        self.assertEqual((said.returncode, said.stdout.split()[0]), (0, "sweep"), said.stderr)

    def test_where_installers_put_it(self) -> None:
        for package, place in [
            ("env/lib/python3.12/site-packages", "env/bin/sweep"),
            ("home/.local/lib/python3.12/site-packages", "home/.local/bin/sweep"),
            ("target", "target/bin/sweep"),
        ]:
            with self.subTest(package):
                source = self.root / package / "unlearn_sweep" / "_command.py"
                there = self.root / place
                there.parent.mkdir(parents=True)
                there.touch()
                with mock.patch.object(_command, "__file__", str(source)), mock.patch.dict(os.environ):
                    os.environ.pop("SWEEP_COMMAND", None)
                    self.assertEqual(_command.program(), str(there))

    def test_a_program_that_is_missing_says_where_it_was_looked_for(self) -> None:
        with (
            mock.patch.object(_command, "__file__", str(self.root / "p/unlearn_sweep/_command.py")),
            mock.patch("sysconfig.get_path", lambda _: str(self.root / "scripts")),
            mock.patch.dict(os.environ),
            self.assertRaisesRegex(sweep.CommandMissing, "p/bin/sweep.*scripts/sweep.*pip install"),
        ):
            os.environ.pop("SWEEP_COMMAND", None)
            sweep.command("--version")

    def test_a_command_that_a_signal_ends_is_an_error(self) -> None:
        killed = self.write("killed", "#!/bin/sh\necho 'half a word' >&2\nkill -9 $$\n")
        killed.chmod(0o755)
        with mock.patch.dict(os.environ, {"SWEEP_COMMAND": str(killed)}), self.assertRaises(sweep.SweepError) as caught:
            sweep.command("run")
        self.assertEqual((caught.exception.code, caught.exception.text), (-signal.SIGKILL, "half a word"))


if __name__ == "__main__":
    warnings.simplefilter("error")
    unittest.main()
