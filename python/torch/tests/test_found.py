"""Which torch the worker is led to, with folders that only look like one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).absolute().parents[1] / "unlearn_sweep_torch"


class Found(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.packages = self.root / "packages"
        (self.packages / "unlearn_sweep_torch" / "bin").mkdir(parents=True)
        for file in SOURCE.glob("*.py"):
            (self.packages / "unlearn_sweep_torch" / file.name).write_bytes(file.read_bytes())
        self.worker = self.packages / "unlearn_sweep_torch" / "bin" / "sweep-torch"
        self.worker.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH $*"\n')
        self.worker.chmod(0o755)

    def torch(self, folder: str, version: str) -> Path:
        """A folder that is torch as far as anybody looks; importing it would fail."""
        torch = self.root / folder / "torch"
        (torch / "lib").mkdir(parents=True)
        (torch / "lib" / "libtorch_cpu.so").touch()
        (torch / "__init__.py").write_text("raise SystemExit('imported')\n")
        (torch / "version.py").write_text(f"from typing import Optional\n__version__ = '{version}'\ncuda = None\n")
        return torch

    def python(self, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
        folders = os.pathsep.join(filter(None, [str(self.packages), path]))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": folders}
        # Without the packages of whoever runs the test, which may have a torch.
        command = [sys.executable, "-S", "-s", "-m", "unlearn_sweep_torch", *words]
        return subprocess.run(
            command, env=environment, cwd=self.root, capture_output=True, text=True, check=False
        )

    def where(self, path: str = "") -> dict[str, str | None]:
        said = self.python("--where", path=path)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        answer: dict[str, str | None] = json.loads(said.stdout)
        return answer

    def test_torch_is_found_where_python_would_import_it_from(self) -> None:
        for version in ["2.11.0", "2.11.0+cpu", "2.11.1+cu130"]:
            with self.subTest(version):
                torch = self.torch(version, version)
                here = self.where(str(torch.parent))
                self.assertEqual(
                    here, {"worker": str(self.worker), "libtorch": str(torch / "lib"), "problem": None}
                )

    def test_another_torch_is_named_with_the_one_that_is_wanted(self) -> None:
        for version in ["2.9.1", "2.12.0+cpu", "2.110.0", "2.11.0a0+git1", "12.11.0"]:
            with self.subTest(version):
                torch = self.torch(version, version)
                here = self.where(str(torch.parent))
                self.assertIsNone(here["libtorch"])
                problem = here["problem"] or ""
                for part in [f"has torch {version} ({torch})", "wants torch 2.11", "pip install 'torch>=2.11,<2.12'"]:
                    self.assertIn(part, problem)
                self.assertNotIn("\n", problem)

    def test_without_torch_the_wanted_one_is_named(self) -> None:
        self.assertIn("has none: pip install 'torch>=2.11,<2.12'", self.where()["problem"] or "")
        # What a torch that was removed has left behind.
        (self.root / "left" / "torch" / "lib").mkdir(parents=True)
        self.assertIn("has none", self.where(str(self.root / "left"))["problem"] or "")

    def test_a_torch_without_its_library_is_refused(self) -> None:
        torch = self.torch("broken", "2.11.0")
        (torch / "lib" / "libtorch_cpu.so").unlink()
        self.assertIn("without lib/libtorch_cpu.so", self.where(str(torch.parent))["problem"] or "")

    def test_python_becomes_the_worker_on_that_libtorch_alone(self) -> None:
        torch = self.torch("right", "2.11.0")
        said = self.python("serve", "--device", "cpu", path=str(torch.parent))
        self.assertEqual(said.stdout, f"{torch / 'lib'} serve --device cpu\n", said.stderr)

    def test_the_worker_is_not_started_on_a_wrong_torch(self) -> None:
        said = self.python("--version", path=str(self.torch("old", "2.9.1").parent))
        self.assertEqual((said.returncode, said.stdout), (3, ""))
        self.assertEqual(len(said.stderr.splitlines()), 1, said.stderr)
        self.assertIn("2.9.1", said.stderr)


if __name__ == "__main__":
    unittest.main()
