"""How long answers take at half of the highest load, at a steady rate, by percentile."""

from harness import client, load

# Of the constant answer, in bytes: about that of a status.
BODY_LENGTH = 500


def measure(servers, options, progress):
    """Percentiles by work: those of the round whose ratio of p99 to p50 is the median."""
    trackers, evhttp = servers.trackers(), servers.evhttp(BODY_LENGTH)
    # What a server that does nothing takes on this machine: its ratio is the machine's.
    works = [("evhttp in C, GET, constant", evhttp, ("GET", "/", None), None, "/")]
    for store, tracker in trackers.items():
        process_id = client.start(tracker.port)
        works.append((f"GET /status, {store}", tracker, ("GET", f"/status/{process_id}", None), None, f"/status/{process_id}"))
    start_body = '{"kind":"report","input":' + client.PAYLOAD + "}"
    works.append(("evhttp in C, POST, constant", evhttp, ("POST", "/", start_body), "start.lua", "/"))
    for store, tracker in trackers.items():
        works.append((f"POST /start, {store}", tracker, ("POST", "/start", start_body), "start.lua", "/start"))

    results = {}
    for index, (name, tracker, request, script, path) in enumerate(works):
        progress(index + 1, len(works), name)
        highest = load.wrk(tracker, path, options.seconds, script=script)["per_second"]
        requests = load.requests_file(servers.folder, [request])
        figures = [
            load.rate(tracker.port, highest / 2, options.seconds, requests) for _ in range(options.rounds)]
        figures.sort(key=lambda figure: figure["us"]["99"] / figure["us"]["50"])
        results[name] = {
            "highest": highest, "per_second": highest / 2, **figures[len(figures) // 2],
            "ratios": [figure["us"]["99"] / figure["us"]["50"] for figure in figures]}
    return {"rounds": options.rounds, "seconds": options.seconds, "works": results}
