"""`python -m unlearn_sweep_torch WORD…`: the worker, on the libtorch of this environment.

`--where` says as JSON which worker and which libtorch that is. `sweep` asks for that and starts the worker itself; a person
may start it here (`--version`, `doctor`).
"""

from __future__ import annotations

import json
import os
import sys

from . import found

_UNUSABLE = 3


def main(words: list[str]) -> int:
    """Answer `--where`, or become the worker.

    Returns:
        An exit code: 0 for an answer, 3 where torch is missing or another one.
    """
    here = found()
    if words == ["--where"]:
        print(json.dumps(here))
        return 0
    if here["libtorch"] is None:
        print(f"unlearn_sweep_torch: {here['problem']}", file=sys.stderr)
        return _UNUSABLE
    inherited = os.environ.get("LD_LIBRARY_PATH")
    path = os.pathsep.join(filter(None, [here["libtorch"], inherited]))
    os.execve(here["worker"], [here["worker"], *words], {**os.environ, "LD_LIBRARY_PATH": path})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
