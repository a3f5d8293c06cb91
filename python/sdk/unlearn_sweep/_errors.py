"""What goes wrong, in the command's own words."""

from __future__ import annotations


class SweepError(Exception):
    """The command ended otherwise than it was asked to.

    Attributes:
        text: What the command said, without its progress.
        code: Its exit code; none where it could not be started, negative for the signal that ended it.
    """

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class CommandMissing(SweepError):
    """The program `sweep` isn't where this package was installed."""


class Refused(SweepError):
    """The grid, an argument or the engine can't be used (exit code 2)."""


class InputsRefused(SweepError):
    """Data, a model or arrays can't be used (exit code 3)."""


class ResultsUnusable(SweepError):
    """Results can't be read or written (exit code 4)."""


class Locked(SweepError):
    """Another scheduler works on these results (exit code 5)."""


class InputsChanged(SweepError):
    """The data or the original changed since the results were made (exit code 6)."""


class NothingSelected(SweepError):
    """A filter selects no point (exit code 7)."""


class Interrupted(SweepError):
    """The sweep was told to stop with runs left (exit codes 75, 130, 143): the same call goes on."""


class UnfinishedRuns(UserWarning):
    """All runs have ended, and some of them failed, diverged or took too long (exit code 1)."""


_BY_CODE: dict[int, type[SweepError]] = {
    2: Refused,
    3: InputsRefused,
    4: ResultsUnusable,
    5: Locked,
    6: InputsChanged,
    7: NothingSelected,
    75: Interrupted,
    130: Interrupted,
    143: Interrupted,
}


def of_exit(code: int, said: list[str]) -> SweepError:
    """The error that an exit code stands for; `said` are the lines of standard error."""
    # Progress comes before the first error, and nothing but errors behind it.
    first = next((place for place, line in enumerate(said) if line.startswith("error")), max(0, len(said) - 20))
    text = "\n".join(said[first:]).strip() or f"sweep ended with exit code {code} and said nothing"
    return _BY_CODE.get(code, SweepError)(text, code)
