"""What open streams of events cost, and how long a change takes to reach those who watch."""

import json
import subprocess

from harness import client, load, programs

CHANGES_PER_SECOND = 100
WATCHED = 100


def ids_file(servers, tracker, count):
    path = servers.folder / "ids"
    path.write_text("".join(f"{process_id}\n" for process_id in client.fill(tracker.port, count)))
    return path


def memory_of_streams(servers, streams):
    """Resident memory of one instance, before and with so many streams open and at rest."""
    tracker = servers.tracker("memory")
    ids = ids_file(servers, tracker, WATCHED)
    before = tracker.server.resident()
    process = subprocess.Popen(
        [str(part) for part in [programs.program("watch"), tracker.port, tracker.port, streams, 0, 0, ids]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if process.stdout.readline() != b"open\n":
            raise RuntimeError("The streams could not be opened")
        after = tracker.server.resident()
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    servers.stop(tracker.server)
    return {"streams": streams, "before": before, "after": after, "bytes_each": (after - before) / streams}


def latency(servers, watched, changed, watchers, seconds):
    """From when a change was due to be sent until its event was read, in microseconds by percentile."""
    ids = ids_file(servers, changed, WATCHED)
    output, _ = load.run([
        programs.program("watch"), watched.port, changed.port, watchers, CHANGES_PER_SECOND, seconds, ids])
    result = json.loads(output.splitlines()[-1])
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} changes failed")
    result["client_load"] = result["cpu_seconds"] / result["seconds"]
    return result


def measure(servers, options, progress):
    progress(1, 5, f"{options.streams:,} open streams")
    result = {
        "memory": memory_of_streams(servers, options.streams), "watchers": options.watchers, "watched": WATCHED,
        "changes_per_second": CHANGES_PER_SECOND, "latency": {}}
    redis = servers.redis("watch")
    one = servers.tracker("redis", redis=redis)
    other = servers.tracker("redis", redis=redis)
    pairs = {"memory": [servers.tracker("memory")] * 2, "SQLite": [servers.tracker("sqlite")] * 2, "Redis": [one, one],
        "Redis, changed on another instance": [other, one]}
    for index, (name, (watched, changed)) in enumerate(pairs.items()):
        progress(index + 2, 5, f"watch on {name}")
        result["latency"][name] = latency(servers, watched, changed, options.watchers, options.seconds * 2)
    return result
