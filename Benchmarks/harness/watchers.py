"""What open streams of events cost, and how long a change takes to reach those who watch."""

import json
import subprocess
import time

from harness import client, load, programs

CHANGES_PER_SECOND = 100
WATCHED = 100
# Every 5 s the service reads again what anybody watches; what that takes belongs to the streams.
SECONDS_AT_REST = 7
# What is held open, on which stores, and how many events each reader gets at first.
STREAMS = [
    ("GET /events/{id}", "/events/*", 1, ["memory", "SQLite", "Redis"]),
    ("GET /stream/{id}", "/stream/*", 1, ["memory", "SQLite", "Redis"]),
    ("GET /events", "/events", WATCHED, ["memory", "SQLite", "Redis"]),
]


def ids_file(servers, tracker, count):
    path = servers.folder / "ids"
    path.write_text("".join(f"{process_id}\n" for process_id in client.fill(tracker.port, count)))
    return path


def memory_of_streams(servers, store, path, events, streams, seconds):
    """Resident memory of one instance, before and with so many streams open and at rest; the most of what is seen."""
    redis = servers.redis("streams") if store == "Redis" else None
    tracker = servers.tracker(store.lower(), redis=redis)
    ids = ids_file(servers, tracker, WATCHED)
    with client.Client(tracker.port) as connection:
        for process_id in ids.read_text().split():
            connection.request("POST", f"/stream/{process_id}", {"type": "text", "data": "a token"})
    before = tracker.server.resident()
    process = subprocess.Popen(
        [str(part) for part in [programs.program("watch"), tracker.port, tracker.port, streams, 0, 0, ids, path, events]],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if process.stdout.readline() != b"open\n":
            raise RuntimeError("The streams could not be opened")
        after = tracker.server.resident()
        for _ in range(seconds):
            time.sleep(1)
            after = max(after, tracker.server.resident())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
    servers.stop(*tracker.servers)
    return {"before": before, "after": after, "bytes_each": (after - before) / streams}


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
    at_rest = 1 if options.quick else SECONDS_AT_REST
    step, steps = 0, sum(len(stores) for *_, stores in STREAMS) + 4
    memory = {}
    for name, path, events, stores in STREAMS:
        for store in stores:
            step += 1
            progress(step, steps, f"{options.streams:,} × {name} on {store}")
            memory.setdefault(name, {})[store] = memory_of_streams(
                servers, store, path, events, options.streams, at_rest)
    result = {
        "streams": options.streams, "seconds_at_rest": at_rest, "memory": memory, "watchers": options.watchers, "watched": WATCHED,
        "changes_per_second": CHANGES_PER_SECOND, "latency": {}}
    redis = servers.redis("watch")
    one = servers.tracker("redis", redis=redis)
    other = servers.tracker("redis", redis=redis)
    pairs = {"memory": [servers.tracker("memory")] * 2, "SQLite": [servers.tracker("sqlite")] * 2, "Redis": [one, one],
        "Redis, changed on another instance": [other, one]}
    for name, (watched, changed) in pairs.items():
        step += 1
        progress(step, steps, f"watch on {name}")
        result["latency"][name] = latency(servers, watched, changed, options.watchers, options.seconds * 2)
    return result
