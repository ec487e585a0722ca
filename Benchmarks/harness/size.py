"""What a million processes cost: memory, disk, starting up, and cleaning up while others ask."""

import socket
import time

from harness import client, load

# Asked for at this rate, in turn, while all others are cleaned up.
KEPT = 1000
POLLS_PER_SECOND = 1000


def used_by_redis(redis):
    """The bytes that Redis says it uses for data."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(redis.path))
        connection.sendall(b"INFO memory\r\n")
        text = b""
        while b"used_memory:" not in text or b"\r\n" not in text.partition(b"used_memory:")[2]:
            text += connection.recv(65536)
    return int(text.partition(b"used_memory:")[2].partition(b"\r\n")[0])


def used_by_files(folder, port):
    return sum(path.stat().st_size for path in folder.glob(f"{port}.db*"))


def polling(tracker, servers):
    """A file of requests for processes that no cleanup removes."""
    ids = client.fill(tracker.port, KEPT)
    return load.requests_file(servers.folder, [("GET", f"/status/{process_id}", None) for process_id in ids])


def cleanup(tracker, servers, seconds):
    """Polls at rest, then during the removal of all that has finished."""
    requests = polling(tracker, servers)
    idle = load.rate(tracker.port, POLLS_PER_SECOND, seconds, requests)
    with load.rate_meanwhile(tracker.port, POLLS_PER_SECOND, requests) as busy:
        began = time.monotonic()
        with client.Client(tracker.port) as connection:
            removed = connection.request("DELETE", "/cleanup?older_than=0")["removed"]
        took = time.monotonic() - began
    if busy["failed"]:
        raise RuntimeError(f"{busy['failed']} polls failed during a cleanup")
    return {"removed": removed, "seconds": took, "idle_us": idle["us"], "busy_us": busy["us"]}


def measure(servers, options, progress):
    count = options.processes
    steps = iter(range(1, 12))
    total = 10

    def step(name):
        progress(next(steps), total, name)

    result = {"processes": count, "stores": {}}
    for store, repository in [("memory", "memory"), ("SQLite", "sqlite"), ("Redis", "redis")]:
        redis = servers.redis("size") if store == "Redis" else None
        tracker = servers.tracker(repository, redis=redis)
        before = {"resident": tracker.server.resident(), "store": used_by_redis(redis) if redis else 0}

        step(f"start {count:,} in {store}")
        began = time.monotonic()
        ids = client.fill(tracker.port, count)
        figures = {"starts_per_second": count / (time.monotonic() - began)}
        figures["resident"] = tracker.server.resident()
        if store == "memory":
            figures["bytes_each"] = (figures["resident"] - before["resident"]) / count
        elif redis:
            figures["bytes_each"] = (used_by_redis(redis) - before["store"]) / count
        else:
            step("start up on SQLite")
            tracker, reopened = reopen(servers, tracker, count)
            figures.update(reopened)

        step(f"finish them in {store}")
        client.complete(tracker.port, ids)
        del ids
        step(f"clean them up in {store}")
        figures["cleanup"] = cleanup(tracker, servers, options.seconds)
        result["stores"][store] = figures
        servers.stop(*tracker.servers)
    return result


def reopen(servers, tracker, count):
    """Stops the service and starts it again on its file, and beside that one on no file, to compare."""
    servers.stop(tracker.server)
    used = used_by_files(servers.folder, tracker.port)
    empty = servers.tracker("sqlite")
    figures = {
        "bytes_each": used / count, "empty_ready_s": empty.server.seconds_to_ready, "empty_resident": empty.server.resident()}
    servers.stop(empty.server)
    again = servers.tracker("sqlite", TRACKER_SQLITE_PATH=str(servers.folder / f"{tracker.port}.db"))
    figures.update({"ready_s": again.server.seconds_to_ready, "ready_resident": again.server.resident()})
    return again, figures
