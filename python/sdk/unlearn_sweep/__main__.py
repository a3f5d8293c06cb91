"""`python -m unlearn_sweep WORD…`: the command `sweep` of this environment."""

from __future__ import annotations

import os
import sys

from ._command import environment, program
from ._errors import CommandMissing


def main() -> int:
    """Become the command."""
    try:
        path = program()
    except CommandMissing as error:
        print(f"unlearn_sweep: {error}", file=sys.stderr)
        return 2
    os.execve(path, [path, *sys.argv[1:]], environment())


if __name__ == "__main__":
    sys.exit(main())
