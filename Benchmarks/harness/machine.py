"""What was measured on what, for the tables."""

import datetime
import os
import platform
import re
import subprocess

from harness import programs


def first_line(*command):
    try:
        output = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        return (output.stdout + output.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return ""


def number_in(text):
    found = re.search(r"\d+(\.\d+)+", text)
    return found.group() if found else "unknown"


def processor():
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
    return found.group(1) if found else platform.machine()


def installed(package):
    """The version of a Debian package, where there is dpkg."""
    return number_in(first_line("dpkg-query", "--show", "--showformat", "${Version}", package))


def pinned(name):
    return re.search(rf"^{name}==(.*)$", (programs.PEERS / "requirements.txt").read_text(), re.MULTILINE).group(1)


def describe(binary):
    """The machine, the date, and the versions of everything."""
    with open("/proc/meminfo") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 1024 / 1024
    return {
        "date": str(datetime.date.today()), "cores": os.cpu_count(), "processor": processor(), "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "versions": {
            "process-tracker": first_line(binary, "version").removeprefix("process-tracker ") or "unknown",
            "libevent": installed("libevent-dev"), "SQLite": installed("libsqlite3-dev"),
            "Redis": installed("redis-server"), "webdis": installed("webdis"), "nginx": installed("nginx-light"),
            "wrk": installed("wrk"), "Python": platform.python_version(),
            **{label: pinned(name) for label, name in [
                ("FastAPI", "fastapi"), ("uvicorn", "uvicorn"), ("uvloop", "uvloop"), ("Celery", "celery")]}}}


def busy():
    """How many programs wanted to run over the last minute: 0 to begin with, where the machine has nothing else to do."""
    return os.getloadavg()[0]
