"""What each operation of a store takes, without HTTP in front of it, with a thousand processes up to a million in the store."""

import json
import os

from harness import programs

PROGRAM = str(programs.BUILT / "swift/release/ProcessBenchmarks")
# By what the program calls them.
STORES = {"memory": "memory", "sqlite": "SQLite", "redis": "Redis"}
SHARES = ["50", "90", "99"]
SMALLEST = 1000
# So many rounds, of so many runs of a short operation, that the median of a change, which waits for the disk, stays where it is.
ROUNDS = 20
RUNS = 100


def sizes(most):
    """Powers of ten."""
    found = [SMALLEST]
    while found[-1] * 10 <= most:
        found.append(found[-1] * 10)
    return found


def measure(servers, options, progress):
    """Percentiles by store and operation, each a list with a figure for each size."""
    path = servers.folder / "cost.json"
    counts = sizes(options.processes)
    steps = len(STORES) * (len(counts) + options.turns)
    step = 0
    # Its stores are in our folder, which is removed, whatever becomes of it.
    program = servers.start(
        "ProcessBenchmarks",
        # On one core: of one operation at a time nothing runs beside anything else, and on two a look-up on Redis takes 36 or
        # 150 us for the whole of a run, by which core happens to wake whom.
        ["taskset", "--cpu-list", min(os.sched_getaffinity(0)), PROGRAM, "cost", "--sizes", ",".join(map(str, counts)),
         "--rounds", options.turns, "--samples", RUNS, "--json", path],
        lambda: True, env={"PATH": os.environ["PATH"], "TMPDIR": str(servers.folder)})
    text = ""
    for line in program.process.stderr:
        text = line.decode(errors="replace").strip()
        step += text.startswith(tuple(f"{store}: " for store in STORES))
        progress(step, steps, text)
    if program.process.wait() != 0:
        raise RuntimeError(f"ProcessBenchmarks failed: {text}")
    return {"rounds": options.turns, "runs": RUNS, "sizes": counts, "stores": by_store(json.loads(path.read_text()))}


def by_store(costs):
    """The program's list, which goes through the sizes of one operation after the other."""
    found = {}
    for name, store in STORES.items():
        mine = [cost for cost in costs if cost["backend"] == name]
        us = {cost["operation"]: {share: [] for share in SHARES} for cost in mine}
        for cost in mine:
            for share in SHARES:
                us[cost["operation"]][share].append(cost[f"p{share}_us"])
        bytes_each = {cost["size"]: cost["bytes_each"] for cost in mine}
        found[store] = {"bytes_each": list(bytes_each.values()), "us": us}
    return found
