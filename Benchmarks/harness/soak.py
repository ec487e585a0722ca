"""Steady work for a long time: lives of processes, watchers of one and of all, cleanups; and what the service uses meanwhile."""

import http.client
import json
import statistics
import subprocess
import threading
import time

from harness import client, programs

# A moderate load: a tenth of what either store can do, or less.
CYCLES_PER_SECOND = 200
CONNECTIONS = 8
REPORTS = 2
WATCHED_PER_SECOND = 5
WATCHERS = 4
CLEANUP_EVERY = 7
# So short that what comes and what goes are in balance long before the second quarter, tombstones included.
SETTINGS = {"TRACKER_RETENTION": "15s", "TRACKER_CLEANUP_INTERVAL": "5s", "TRACKER_TOMBSTONE_TTL": "15s"}


def lines_of(port, path):
    """The lines of a stream of events, until it ends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"GET {path} was answered {response.status}")
        while line := response.readline():
            yield line.decode().rstrip("\n")
    finally:
        connection.close()


class Work:
    """All that is done to one instance. Every activity has a thread; the first mistake of each kind is kept."""

    def __init__(self, tracker, seconds):
        self.tracker = tracker
        self.port = tracker.port
        self.seconds = seconds
        self.end = time.monotonic() + seconds
        self.errors = 0
        self.first_error = None
        self.lock = threading.Lock()
        self.watched = self.events = self.cycles = 0
        self.resident = []
        self.descriptors = []
        activities = [self.live, self.sample, self.clean_up, self.watch_all, *[self.watch_one] * WATCHERS]
        self.threads = [threading.Thread(target=self.guarded, args=(activity,)) for activity in activities]

    def guarded(self, activity):
        """Until the end, whatever happens in between: a failure is counted, and the activity goes on."""
        while time.monotonic() < self.end:
            try:
                activity()
            except Exception as error:
                if self.tracker.server.process.poll() is not None:
                    error = RuntimeError(f"the service ended with {self.tracker.server.process.returncode}")
                    self.end = 0
                with self.lock:
                    self.errors += 1
                    self.first_error = self.first_error or f"{activity.__name__}: {error!r}"
                time.sleep(0.2)

    def live(self):
        """Whole lives, as workers make them."""
        seconds = max(self.end - time.monotonic(), 0)
        done = subprocess.run(
            [str(part) for part in [
                programs.program("cycle"), self.port, CONNECTIONS, f"{seconds:.1f}", CYCLES_PER_SECOND, REPORTS]],
            capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        self.cycles += json.loads(done.stdout.splitlines()[-1])["cycles"]

    def sample(self):
        """Once a second, what the service uses."""
        self.resident.append(self.tracker.server.resident())
        self.descriptors.append(self.tracker.server.descriptors())
        time.sleep(1)

    def clean_up(self):
        """By hand, beside the service's own timer."""
        time.sleep(CLEANUP_EVERY)
        with client.Client(self.port) as connection:
            connection.request("DELETE", "/cleanup?older_than=10s")

    def watch_all(self):
        """What everybody does, as a dashboard watches it: opened anew every half a minute."""
        until = min(time.monotonic() + 30, self.end)
        for line in lines_of(self.port, "/events?fields=process_id,status"):
            if line.startswith("data:"):
                self.events += 1
            if time.monotonic() > until:
                break

    def watch_one(self):
        """A process of its own, watched through its whole life; the stream must tell its end, and end itself."""
        began = time.monotonic()
        with client.Client(self.port) as connection:
            process_id = client.start(self.port, {"kind": "watched", "input": json.loads(client.PAYLOAD)})
            last = None
            for line in lines_of(self.port, f"/events/{process_id}"):
                if not line.startswith("data:"):
                    continue
                first, last = last is None, json.loads(line[5:])
                if first:
                    connection.request("POST", f"/progress/{process_id}", {"done": 1, "total": 2})
                    connection.request("POST", f"/complete/{process_id}", {"result": {"pages": 42}})
            if last is None or last["status"] != "completed":
                raise RuntimeError(f"A stream ended with {last}")
        with self.lock:
            self.watched += 1
        time.sleep(max(WATCHERS / WATCHED_PER_SECOND - (time.monotonic() - began), 0))

    def figures(self):
        def quarter(values, number):
            return statistics.mean(values[len(values) * number // 4:len(values) * (number + 1) // 4] or [0])

        second, last = quarter(self.resident, 1), quarter(self.resident, 3)
        step = max(len(self.resident) // 300, 1)
        return {
            "cycles": self.cycles, "watched": self.watched, "events": self.events, "errors": self.errors,
            "first_error": self.first_error, "resident_second": second, "resident_last": last,
            "resident_change": last / second - 1, "descriptors_second": round(quarter(self.descriptors, 1), 1),
            "descriptors_last": round(quarter(self.descriptors, 3), 1), "resident": self.resident[::step]}


def measure(servers, seconds, say):
    # Both would compile it at once, and one find the file of the other busy.
    programs.program("cycle")
    redis = servers.redis("soak")
    work = {
        "SQLite": Work(servers.tracker("sqlite", **SETTINGS), seconds),
        "Redis": Work(servers.tracker("redis", redis=redis, **SETTINGS), seconds)}
    for each in work.values():
        for thread in each.threads:
            thread.daemon = True
            thread.start()
    began = time.monotonic()
    while any(thread.is_alive() for each in work.values() for thread in each.threads):
        time.sleep(min(30, seconds / 10))
        states = [
            f"{store} {each.resident[-1] / 1048576:.1f} MiB, {each.descriptors[-1]} descriptors, {each.errors} errors"
            for store, each in work.items() if each.resident]
        say(f"soak [{min(time.monotonic() - began, seconds):>5.0f}/{seconds:.0f} s] " + "; ".join(states))
    return {"minutes": seconds / 60, "stores": {store: each.figures() for store, each in work.items()}}


def faults(figures):
    """What must not be, each as a sentence."""
    found = []
    for store, each in figures["stores"].items():
        if each["errors"]:
            found.append(f"{store}: {each['errors']} requests failed, the first with {each['first_error']}")
        if abs(each["resident_change"]) > 0.05:
            found.append(f"{store}: memory changed by {each['resident_change'] * 100:+.1f} %")
        # A stream more or less may be open at any moment.
        if each["descriptors_last"] > each["descriptors_second"] + 2:
            found.append(f"{store}: descriptors grew from {each['descriptors_second']} to {each['descriptors_last']}")
    return found
