"""The program `sweep`: where it is, and how it is talked to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import IO, TypeAlias

from ._errors import CommandMissing, of_exit

_NAMED = "SWEEP_COMMAND"
"""Names another program than the one that was installed with this package."""
_INTERPRETER = "SWEEP_PYTHON"
"""Tells `sweep` in which environment its worker and torch are."""
SOME_RUNS_FAILED = 1

Heard: TypeAlias = Callable[[str], object]
"""Is told each line of standard error."""


def program() -> str:
    """Path of the program `sweep`.

    Raises:
        CommandMissing: It is in none of the folders where installers put it.
    """
    if named := os.environ.get(_NAMED):
        return named
    looked_at = list(_places())
    for place in looked_at:
        if place.is_file():
            return str(place)
    places = ", ".join(dict.fromkeys(map(str, looked_at)))
    raise CommandMissing(f"there is no program `sweep` in {places}: pip install --force-reinstall unlearn-sweep", None)


def _places() -> Iterator[Path]:
    # Not where links lead: an installer may link to its cache.
    packages = Path(__file__).absolute().parents[1]
    folders = [packages / "bin"]  # pip install --target
    if len(packages.parents) > 2:
        # <environment>/lib/python3.X/site-packages, whichever environment that is: the running Python's, one below it
        # (layers of uv), the user's own or that of a --prefix.
        folders.append(packages.parents[2] / "bin")
    folders.append(Path(sysconfig.get_path("scripts")))
    return (folder / "sweep" for folder in folders)


def environment() -> dict[str, str]:
    """The environment that `sweep` is started in: this one, and where to look for the worker."""
    own = {_INTERPRETER: sys.executable} if sys.executable else {}
    return {**own, **os.environ}


def command(*words: str | os.PathLike[str], heard: Heard | None = None) -> str:
    """Carry out any command of `sweep`, such as `command("plan", "grid.toml")`.

    Args:
        words: The words of the command line behind `sweep`.
        heard: Called in this thread with each line that the command prints on standard error while it works.

    Returns:
        What the command printed on standard output.

    An interruption (Ctrl-C, the stop button of a notebook) is passed on to the command, which finishes the runs in hand; a second
    one stops them. So does an error of `heard`. Where this Python itself is killed, a sweep goes on by itself.

    Raises:
        SweepError: The command ended with an exit code other than 0; the subclass says which.
        CommandMissing: There is no such program.
    """
    code, output, said = carry_out(words, heard)
    if code != 0:
        raise of_exit(code, said)
    return output


def carry_out(
    words: tuple[str | os.PathLike[str], ...], heard: Heard | None
) -> tuple[int, str, list[str]]:
    """Exit code, standard output, and the lines of standard error."""
    path = program()
    try:
        # In a session of its own, so that a Ctrl-C reaches it once, from here, and not twice.
        process = subprocess.Popen(
            [path, *(os.fspath(word) for word in words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment(), "NO_COLOR": "1"},
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise CommandMissing(f"{path} can't be started: {error}", None) from error
    assert process.stdout is not None and process.stderr is not None
    output: list[str] = []
    reader = Thread(target=_keep, args=(process.stdout, output), daemon=True)
    reader.start()
    said: list[str] = []
    try:
        code = _follow(process, said, heard)
    except BaseException as error:
        _end(process, said, heard if isinstance(error, KeyboardInterrupt) else None)
        raise
    finally:
        reader.join()
        process.stdout.close()
        process.stderr.close()
    return code, "".join(output), said


def _keep(stream: IO[str], kept: list[str]) -> None:
    kept.extend(stream)


def _follow(process: subprocess.Popen[str], said: list[str], heard: Heard | None) -> int:
    """Hear the command out; its exit code."""
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line.rstrip("\n"))
        if heard is not None:
            heard(said[-1])
    return process.wait()


def _end(process: subprocess.Popen[str], said: list[str], heard: Heard | None) -> None:
    """Ask the command to end, and hear it out; every further interruption is passed on too."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            _follow(process, said, heard)
        except KeyboardInterrupt:
            continue
        except Exception:
            # Whoever listened is at an end already.
            heard = None
