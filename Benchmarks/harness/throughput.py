"""How many requests a second each contestant answers, in rounds that alternate between all of them.

A noisy neighbour hits all of them; what counts are the ratios of medians.
"""

import json
import statistics
import urllib.request

from harness import client, load

# Tried beside the pools "threads" and "prefork": of tasks that take no time, a single process without either does the most.
CELERY_POOL = ["--pool", "solo"]
CELERY_CLIENTS = 8
# Workers that claim and complete what was started ahead, more of it than they can do.
WORKERS, AHEAD_PER_SECOND = 8, 8000

# webdis' one command, with the same payload.
HSET = "/HSET/process/input/sixty-four%20bytes%20of%20payload,%20as%20much%20as%20the%20others%20are%20given"


def works(servers):
    """All works by name, each as what takes a number of seconds and returns its figures."""
    trackers = servers.trackers()
    redis = trackers["Redis"].servers[1]
    webdis = servers.webdis(redis)
    fastapi = {"memory": servers.fastapi("memory"), "Redis": servers.fastapi("redis", servers.redis("fastapi"))}
    ids = {store: client.start(tracker.port) for store, tracker in trackers.items()}
    with urllib.request.urlopen(f"{trackers['memory'].url}/status/{ids['memory']}") as response:
        body = response.read().decode()
    evhttp, nginx = servers.evhttp(len(body)), servers.nginx(body)
    celery = servers.celery(servers.redis("celery"), CELERY_POOL)

    def wrk(contestant, path, **options):
        return lambda seconds: load.wrk(contestant, path, seconds, **options)

    status = {
        "evhttp in C, GET, constant": wrk(evhttp, "/"),
        "nginx, GET, constant": wrk(nginx, "/"),
        **{f"GET /status, {store}": wrk(tracker, f"/status/{ids[store]}") for store, tracker in trackers.items()},
        **{
            f"GET /status, {store}, 304":
                wrk(tracker, f"/status/{ids[store]}", headers=['If-None-Match: "1"'])
            for store, tracker in trackers.items()},
        "webdis, HGETALL": wrk(webdis, f"/HGETALL/process:{ids['Redis']}"),
        **{
            f"FastAPI, GET, {store}": wrk(peer, f"/status/{start_on_fastapi(peer)}") for store, peer in fastapi.items()},
    }
    start = {
        "evhttp in C, POST, constant": wrk(evhttp, "/", script="start.lua"),
        **{f"POST /start, {store}": wrk(tracker, "/start", script="start.lua") for store, tracker in trackers.items()},
        "webdis, HSET": wrk(webdis, HSET),
        **{f"FastAPI, POST, {store}": wrk(peer, "/start", script="start.lua") for store, peer in fastapi.items()},
    }
    # Each worker reports on a process of its own, so these are many.
    progress = {
        f"POST /progress, {store}":
            wrk(tracker, "/", script="progress.lua", arguments=[ids_file(servers, store, client.fill(tracker.port, 1000))])
        for store, tracker in trackers.items()}

    def cycle(store):
        return lambda seconds: load.cycle(trackers[store], load.CONNECTIONS, seconds)

    def claims(store):
        return lambda seconds: load.cycle(trackers[store], WORKERS, seconds, AHEAD_PER_SECOND * seconds)

    def celery_tasks(clients, at_once):
        return lambda seconds: load.celery(celery, clients, at_once, seconds)

    cycles = {
        "start → claim → complete, SQLite": cycle("SQLite"),
        "start → claim → complete, Redis": cycle("Redis"),
        "Celery, start → result, one at a time": celery_tasks(CELERY_CLIENTS, 1),
        "Celery, start → result, 200 at a time": celery_tasks(1, 200),
    }
    # Last, since it leaves work behind that others would be handed.
    claim = {f"claim → complete, {store}": claims(store) for store in trackers}
    return {"status": status, "start": start, "progress": progress, "cycle": cycles, "claim": claim}


def ids_file(servers, store, ids):
    path = servers.folder / f"{store}-ids"
    path.write_text("\n".join(ids))
    return path


def start_on_fastapi(peer):
    return client.start(peer.port, {"kind": "report", "input": json.loads(client.PAYLOAD)})


def measure(servers, options, progress):
    """Figures by group and work: medians, the lowest and the highest of all rounds."""
    groups = works(servers)
    runs = [(group, name, work) for group, members in groups.items() for name, work in members.items()]
    rounds = {name: [] for _, name, _ in runs}
    for number in range(options.rounds):
        for index, (_, name, work) in enumerate(runs):
            progress(number * len(runs) + index + 1, options.rounds * len(runs), name)
            rounds[name].append(work(options.seconds))
    return {
        "rounds": options.rounds, "seconds": options.seconds, "connections": load.CONNECTIONS,
        "groups": {
            group: {name: summary(rounds[name]) for name in members} for group, members in groups.items()}}


def summary(figures):
    rates = [figure["per_second"] for figure in figures]
    return {
        "median": statistics.median(rates), "lowest": min(rates), "highest": max(rates),
        "cpu_us": statistics.median(figure["cpu_us"] for figure in figures),
        "client_load": statistics.median(figure["client_load"] for figure in figures)}
