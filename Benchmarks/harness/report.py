"""Figures as Markdown tables, put between the markers of docs/benchmarks.md and docs/benchmarks-stores.md, and as pictures beside them."""

import json
import re
import shutil

from harness import charts, goals, programs

MEBIBYTE = 1024 * 1024


class Files:
    """Where figures, tables and pictures are kept."""

    def __init__(self, results, docs):
        self.results = results
        self.document = docs / "benchmarks.md"
        self.stores_document = docs / "benchmarks-stores.md"
        self.images = docs / "images"

    @staticmethod
    def committed():
        return Files(programs.BENCHMARKS / "results.json", programs.ROOT / "docs")

    @staticmethod
    def quick():
        """Beside the build, in copies of the documents: a smoke run's figures are worth nothing."""
        folder = programs.BUILT / "quick"
        folder.mkdir(parents=True, exist_ok=True)
        committed, files = Files.committed(), Files(folder / "results.json", folder)
        shutil.copyfile(committed.document, files.document)
        shutil.copyfile(committed.stores_document, files.stores_document)
        return files

    def read(self):
        return json.loads(self.results.read_text()) if self.results.exists() else {}

    def write(self, results):
        self.results.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def table(header, rows):
    """A table whose first column is text and whose others are figures."""
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def met(is_met):
    return "met" if is_met else "**not met**"


def micro(value):
    """A time in microseconds, in the unit that reads best."""
    return f"{value:,.0f} µs" if value < 10_000 else f"{value / 1000:,.1f} ms"


def size(value):
    return f"{value / MEBIBYTE:,.1f} MiB"


def taken(part):
    """When and on what a part was measured."""
    found = part["taken"]
    beside = (
        f"; the machine had other work, {found['busy']:g} programs that wanted to run when it began"
        if found["busy"] >= 1 else "")
    return (
        f"Measured {found['date']} on {found['cores']} cores of {found['processor']}, {found['memory_gib']} GiB, "
        f"{found['system']}{beside}.")


def goals_rows(results):
    """(what, figure, goal, met) of all that was measured."""
    rows = []
    if found := results.get("throughput"):
        for work, base, ratio, goal, is_met in goals.ratios(found):
            rows.append((f"{work} ÷ {base}", f"{ratio:.2f}", f"≥ {goal:g}", is_met))
    if found := results.get("latency"):
        for work, figures in found["works"].items():
            ratio = figures["us"]["99"] / figures["us"]["50"]
            rows.append((f"{work}: p99 ÷ p50 at half of the highest load", f"{ratio:.1f}", f"< {goals.P99_OVER_P50}",
                ratio < goals.P99_OVER_P50))
    if found := results.get("size"):
        stores = found["stores"]
        each = stores["memory"]["bytes_each"]
        rows.append((f"bytes a process in memory, of {found['processes']:,}", f"{each:,.0f}", f"≤ {goals.BYTES_EACH_IN_MEMORY}",
            each <= goals.BYTES_EACH_IN_MEMORY))
        ready = stores["SQLite"]["ready_s"]
        rows.append((f"start-up on an SQLite file of {found['processes']:,}", f"{ready:.2f} s", f"< {goals.START_UP_SECONDS} s",
            ready < goals.START_UP_SECONDS))
        for store, figures in stores.items():
            ratio = figures["cleanup"]["busy_us"]["99"] / figures["cleanup"]["idle_us"]["99"]
            rows.append((f"p99 of GET /status during a cleanup of {figures['cleanup']['removed']:,} ÷ at rest, {store}",
                f"{ratio:.1f}", f"< {goals.P99_DURING_CLEANUP}", ratio < goals.P99_DURING_CLEANUP))
    if found := results.get("cost"):
        sizes = found["sizes"]
        for store, ratios in goals.growth(found).items():
            worst = max(ratios, key=ratios.get)
            rows.append((f"{store}: median of `{worst}`, which grows the most, with {sizes[-1]:,} processes ÷ with "
                f"{sizes[goals.reference(sizes)]:,}", f"{ratios[worst]:.2f}", f"≤ {goals.COST_GROWTH:g}",
                ratios[worst] <= goals.COST_GROWTH))
    if found := results.get("watchers"):
        for name, stores in found["memory"].items():
            for store, figures in stores.items():
                each = figures["bytes_each"]
                rows.append((f"memory of an open `{name}`, of {found['streams']:,}, {store}", f"{each / 1024:.1f} KiB",
                    f"≤ {goals.BYTES_EACH_STREAM // 1024} KiB", each <= goals.BYTES_EACH_STREAM))
        for name, figures in found["latency"].items():
            p99 = figures["us"]["99"] / 1000
            rows.append((f"p99 from a change to its event, {name}", f"{p99:.1f} ms", f"< {goals.WATCH_P99_MS} ms",
                p99 < goals.WATCH_P99_MS))
    if found := results.get("soak"):
        for store, figures in found["stores"].items():
            rows.append((f"memory after {found['minutes']:g} minutes of steady work, {store}: last quarter against the second",
                f"{figures['resident_change'] * 100:+.1f} %", "within 5 %", abs(figures["resident_change"]) <= 0.05))
    return rows


def goals_table(results):
    return table(["goal", "here", "wanted", ""], [(what, here, goal, met(ok)) for what, here, goal, ok in goals_rows(results)])


def throughput_tables(part):
    titles = {
        "status": "Look-ups", "start": "Starts", "progress": "Reports", "cycle": "Whole lives",
        "claim": "Claimed and completed by 8 workers"}
    lines = [
        taken(part), "",
        f"{part['rounds']} rounds of {part['seconds']} s, {part['connections']} connections, wrk on the same machine. "
        "*CPU* is what the server and its store use for one request; *client* is how much of one core the load generator used."]
    for group, members in part["groups"].items():
        rows = [
            (name, f"{found['median']:,.0f}", f"{found['lowest']:,.0f}", f"{found['highest']:,.0f}",
             f"{found['cpu_us']:,.1f} µs", f"{found['client_load'] * 100:.0f} %")
            for name, found in members.items()]
        header = ["work", "per second, median", "lowest", "highest", "CPU", "client"]
        lines += ["", f"**{titles[group]}**", "", table(header, rows)]
    return "\n".join(lines)


def latency_table(part):
    shares = ["50", "90", "99", "99.9", "100"]
    rows = [
        (name, f"{found['per_second']:,.0f}", *[micro(found["us"][share]) for share in shares],
         f"{found['us']['99'] / found['us']['50']:.1f}")
        for name, found in part["works"].items()]
    return taken(part) + "\n\n" + table(["work", "requests/s", "p50", "p90", "p99", "p99.9", "longest", "p99 ÷ p50"], rows)


def size_table(part):
    rows = [
        (store, f"{found['starts_per_second']:,.0f}", f"{found['bytes_each']:,.0f}", size(found["resident"]),
         f"{found['cleanup']['seconds']:.1f} s", micro(found["cleanup"]["idle_us"]["99"]),
         micro(found["cleanup"]["busy_us"]["99"]))
        for store, found in part["stores"].items()]
    sqlite = part["stores"]["SQLite"]
    return "\n".join([
        taken(part), "", f"{part['processes']:,} processes with a payload of 64 bytes:", "",
        table(["store", "starts/s by POST /batch", "bytes each", "the service's memory then", "removing all of them",
            "p99 of GET /status at rest", "… meanwhile"], rows), "",
        f"Starting up on that SQLite file takes {sqlite['ready_s'] * 1000:.0f} ms and {size(sqlite['ready_resident'])}; on none "
        f"{sqlite['empty_ready_s'] * 1000:.0f} ms and {size(sqlite['empty_resident'])}."])


def cost_picture(part):
    return taken(part) + "\n\n![Median time of one operation by the number of processes](images/bench-cost.svg)"


def cost_tables(part):
    """What docs/benchmarks-stores.md has of the same run."""
    def times(us):
        return [
            " · ".join(f"{time:,.1f}" if time < 100 else f"{time:,.0f}" for time in of_size)
            for of_size in zip(us["50"], us["90"], us["99"])]

    sizes = [f"{size:,}" for size in part["sizes"]]
    blocks = [taken(part), f"{part['rounds']} rounds of {part['runs']} runs of an operation, a quarter of that of a list, a cleanup and a read."]
    for store, found in part["stores"].items():
        rows = [(name, *times(us)) for name, us in found["us"].items()]
        blocks.append(table([f"{store}: µs, median · p90 · p99", *sizes], rows))
    growth = goals.growth(part)
    rows = [
        (name, *[f"{ratios[name]:.2f}" for ratios in growth.values()]) for name in next(iter(growth.values()))]
    small = sizes[goals.reference(part["sizes"])]
    blocks.append(table([f"median at {sizes[-1]} ÷ at {small}", *growth], rows))
    rows = [(store, *[f"{each:,}" for each in found["bytes_each"]]) for store, found in part["stores"].items()]
    blocks.append(table(["bytes a process", *sizes], rows))
    return "\n\n".join(blocks)


def watchers_table(part):
    stores = list(dict.fromkeys(store for found in part["memory"].values() for store in found))
    memory = [
        (f"`{name}`", *[f"{found[store]['bytes_each'] / 1024:.1f} KiB" if store in found else "" for store in stores])
        for name, found in part["memory"].items()]
    rows = [
        (name, f"{found['events']:,} of {found['expected']:,}", *[micro(found["us"][share]) for share in ["50", "99", "100"]])
        for name, found in part["latency"].items()]
    return "\n".join([
        taken(part), "",
        f"Memory of each of {part['streams']:,} streams, open on one instance for {part['seconds_at_rest']} s; those of `GET /events` were shown {part['watched']} processes:", "",
        table(["stream", *stores], memory), "",
        f"{part['watchers']:,} watchers on {part['watched']} processes, {part['changes_per_second']} changes a second:", "",
        table(["store", "events read", "p50", "p99", "longest"], rows)])


def soak_table(part):
    rows = [
        (store, f"{found['cycles']:,}", f"{found['watched']:,}", f"{found['events']:,}", size(found["resident_second"]),
         size(found["resident_last"]), f"{found['resident_change'] * 100:+.1f} %", f"{found['descriptors_second']:g}", f"{found['descriptors_last']:g}",
         str(found["errors"]))
        for store, found in part["stores"].items()]
    header = [
        "store", "lives", "watched ones", "events of all", "memory, second quarter", "last", "change",
        "descriptors, second quarter", "last", "errors"]
    return "\n\n".join([
        taken(part), f"{part['minutes']:g} minutes:", table(header, rows), "![Resident memory over time](images/bench-soak.svg)"])


TABLES = {
    "throughput": throughput_tables, "latency": latency_table, "size": size_table, "cost": cost_picture,
    "watchers": watchers_table, "soak": soak_table}


def versions(results):
    newest = max((part["taken"] for part in results.values()), key=lambda found: (found["date"], found["began"]))
    return "; ".join(f"{name} {version}" for name, version in newest["versions"].items()) + "."


def put(document, name, text):
    """Replaces what stands between the markers of that name."""
    pattern = re.compile(rf"(<!-- {name}: [^\n]* -->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(document):
        raise RuntimeError(f"The document has no markers for {name}")
    return pattern.sub(lambda found: f"{found.group(1)}\n{text}\n{found.group(2)}", document)


def write(results, files):
    if not results:
        return
    document = files.document.read_text()
    document = put(document, "goals", goals_table(results))
    document = put(document, "versions", versions(results))
    for name, part in results.items():
        document = put(document, name, TABLES[name](part))
    files.document.write_text(document)
    if found := results.get("cost"):
        files.stores_document.write_text(put(files.stores_document.read_text(), "cost", cost_tables(found)))
    files.images.mkdir(parents=True, exist_ok=True)
    for name, picture in charts.pictures(results).items():
        (files.images / f"bench-{name}.svg").write_text(picture)
