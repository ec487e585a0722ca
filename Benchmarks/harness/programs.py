"""What has to be built or installed before anything is measured; all of it below .build/bench."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCHMARKS = ROOT / "Benchmarks"
PEERS = BENCHMARKS / "Peers"
LOAD = BENCHMARKS / "load"
BUILT = ROOT / ".build/bench"

# Each by its source and what it links.
SOURCES = {
    "evhttp_constant": (PEERS / "evhttp_constant.c", ["-levent", "-levent_pthreads", "-lpthread"]),
    "rate": (LOAD / "rate.c", []),
    "cycle": (LOAD / "cycle.c", []),
    "watch": (LOAD / "watch.c", []),
}


def program(name):
    """The path of a program written in C, compiled anew where its source is newer."""
    source, libraries = SOURCES[name]
    BUILT.mkdir(parents=True, exist_ok=True)
    binary = BUILT / name
    sources = [source, LOAD / "http.h"]
    if not binary.exists() or any(path.stat().st_mtime > binary.stat().st_mtime for path in sources):
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", binary, source, *libraries], check=True)
    return binary


def python(name="python"):
    """The path of a program of the virtual environment, which is made where it is missing or its pins have changed."""
    environment = BUILT / "venv"
    pins = PEERS / "requirements.txt"
    installed = environment / "installed.txt"
    if not installed.exists() or installed.read_bytes() != pins.read_bytes():
        print("Installing FastAPI and Celery for comparison", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run(
            [environment / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", pins], check=True)
        shutil.copyfile(pins, installed)
    return environment / "bin" / name


def require(names):
    """Ends the run, saying how to mend it, where one of these programs is missing."""
    for name in names:
        if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin"):
            sys.exit(f"{name} is missing: `make bench` installs it")
