"""What `run` and `soak` share: ending by signals, limits, and one measurement with servers and a folder of its own."""

import datetime
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile

from harness import machine, programs
from harness.servers import Servers

BINARY = str(programs.ROOT / ".build/release/process-tracker")


def prepare(binaries, needed):
    """Has signals end the run with all servers stopped, lifts the limit of open files, and looks for what is missing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    programs.require(["cc", "redis-server", *needed])
    for binary in binaries:
        if not os.access(binary, os.X_OK):
            sys.exit(f"{binary} is missing: `make bench` builds it")


def measured(binary, measure):
    """The figures of `measure(servers)`, with when, where and beside what else they were taken."""
    began = datetime.datetime.now()
    taken = {"began": began.strftime("%H:%M"), "busy": round(machine.busy(), 1), **machine.describe(binary)}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tracker-bench-"))
    try:
        with Servers(binary, folder) as servers:
            figures = measure(servers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    taken["busy_at_end"] = round(machine.busy(), 1)
    return {"taken": taken, **figures}
