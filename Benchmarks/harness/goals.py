"""What is promised, and whether the figures keep it."""

# One work over another: at least so much of its median.
RATIOS = [
    ("GET /status, memory", "evhttp in C, GET, constant", 0.80),
    ("GET /status, memory", "FastAPI, GET, memory", 12),
    ("GET /status, SQLite", "evhttp in C, GET, constant", 0.60),
    ("GET /status, Redis", "webdis, HGETALL", 1.0),
    ("GET /status, Redis", "FastAPI, GET, Redis", 12),
    ("GET /status, memory, 304", "GET /status, memory", 1.0),
    ("GET /status, SQLite, 304", "GET /status, SQLite", 1.0),
    ("GET /status, Redis, 304", "GET /status, Redis", 1.0),
    ("POST /start, memory", "evhttp in C, POST, constant", 0.50),
    ("POST /start, memory", "FastAPI, POST, memory", 8),
    ("POST /start, SQLite", "POST /start, memory", 0.60),
    ("POST /start, Redis", "FastAPI, POST, Redis", 6),
    ("POST /start, Redis", "webdis, HSET", 0.40),
    ("POST /progress, Redis", "GET /status, Redis", 0.35),
    ("start → claim → complete, SQLite", "Celery, start → result", 10),
    ("start → claim → complete, Redis", "Celery, start → result", 10),
]
P99_OVER_P50 = 5
BYTES_EACH_IN_MEMORY = 700
P99_DURING_CLEANUP = 3
START_UP_SECONDS = 0.5
BYTES_EACH_STREAM = 20 * 1024
WATCH_P99_MS = 50
# A smaller store is cheaper for reasons that end there, such as fitting into a processor's cache.
COST_REFERENCE = 10_000
COST_GROWTH = 1.5


def medians(throughput):
    """All medians by work; of Celery's two ways the better one counts."""
    found = {name: figures["median"] for group in throughput["groups"].values() for name, figures in group.items()}
    celery = [rate for name, rate in found.items() if name.startswith("Celery, start → result")]
    if celery:
        found["Celery, start → result"] = max(celery)
    return found


def ratios(throughput):
    """(work, base, ratio, goal, met), for all that was measured; two digits are all that the figures are good for."""
    found = medians(throughput)
    compared = [
        (work, base, round(found[work] / found[base], 2), goal)
        for work, base, goal in RATIOS if work in found and base in found]
    return [(*row, row[2] >= row[3]) for row in compared]


def reference(sizes):
    """The place of the size that the largest one is compared with: the smallest, where the right one was not measured."""
    return sizes.index(COST_REFERENCE) if COST_REFERENCE in sizes[:-1] else 0


def growth(part):
    """The median at the largest size over the one at the reference, by store and operation."""
    small = reference(part["sizes"])
    return {
        store: {name: round(us["50"][-1] / us["50"][small], 2) for name, us in found["us"].items()}
        for store, found in part["stores"].items()}
