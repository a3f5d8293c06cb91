#!/usr/bin/env python3
"""An engine in some thirty lines of Python: draws confidences at a known distance from those of retrained models, trains nothing.
It speaks docs/protocol.md with the standard library alone. `sweep doctor --engine python3 toy.py` checks whether it does."""

import json, os, random, struct, sys, time

EXAMPLES, STEPS = 50, 10

def say(kind, **fields):
    print(json.dumps({kind: fields}), flush=True)

def vector(folder, file, values):
    """Writes float64 [S] as .npy; the file is complete before it has its name."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
    with open(os.path.join(folder, file + ".tmp"), "wb") as staged:
        staged.write(b"\x93NUMPY\x01\x00" + struct.pack("<H118s", 118, header.encode()) + struct.pack(f"<{len(values)}d", *values))
    os.replace(staged.name, os.path.join(folder, file))

def perform(run, method, parameters, seed, folder, retain_sample=None, **_):
    if parameters.get("fault") == "diverge":
        return say("diverged", run=run, step=STEPS // 2)
    if parameters.get("fault") == "fail" or retain_sample:
        return say("failed", run=run, failure="error", message="told to fail, or asked for single examples")
    for step in range(1, STEPS + 1):
        time.sleep(parameters.get("work-ms", 0.0) / 1000 / STEPS)
        say("progress", run=run, step=step, steps=STEPS)
    original = method == "identity"  # one network, whatever the seed, and far from the retrained
    draw = random.Random(f"{method} {sorted(parameters.items())} {0 if original else seed}")
    shift, spread = parameters.get("shift", 1.5 if original else 0.0), parameters.get("spread", 1.0)
    values = [draw.gauss(shift + index % 7 - 3.0, spread) for index in range(EXAMPLES)]
    vector(folder, "confidences.npy", values)
    forget = sum(value > 0.0 for value in values) / EXAMPLES
    accuracy = {"retain": draw.uniform(0.98, 0.99), "forget": forget, "validation": draw.uniform(0.83, 0.85), "test": None}
    say("finished", run=run, measurement={"accuracy": accuracy, "unlearn_s": 0.0, "measure_s": 0.0, "steps": STEPS,
                                          "confidences": {"file": "confidences.npy"}, "weights": None})

say("hello", format=1, engine="toy.py", version="1", trains=False, device="cpu", device_name="none: numbers are drawn")
for line in sys.stdin:
    job = json.loads(line)["perform"]
    try:
        perform(**job)
    except Exception as error:
        say("failed", run=job["run"], failure="error", message=f"{type(error).__name__}: {error}")
