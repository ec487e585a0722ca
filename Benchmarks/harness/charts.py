"""Pictures of the figures, as SVG that reads well on light and dark pages alike."""

import math
from xml.sax.saxutils import escape

WIDTH = 760
KEY_COLUMNS = 3
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.quiet { fill: #59636e; }
.ours { fill: #0969da; }
.other { fill: #afb8c1; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.s0 { stroke: #0969da; } .s1 { stroke: #1a7f37; } .s2 { stroke: #bc4c00; }
.s3 { stroke: #8250df; } .s4 { stroke: #bf3989; } .s5 { stroke: #57606a; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
circle { fill: none; stroke-width: 3; }
.key { stroke-width: 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .quiet { fill: #9198a1; }
  .ours { fill: #4493f8; }
  .other { fill: #656c76; }
  .grid { stroke: #3d444d; }
  .s0 { stroke: #4493f8; } .s1 { stroke: #3fb950; } .s2 { stroke: #f0883e; }
  .s3 { stroke: #ab7df8; } .s4 { stroke: #db61a2; } .s5 { stroke: #9198a1; }
}
"""


def document(height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def text(x, y, content, anchor="start", style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(content)}</text>'


def bars(title, groups):
    """Horizontal bars: `groups` are (heading, [(name, value, is_ours)]), each group with a scale of its own."""
    left, right, bar, gap = 250, 90, 16, 7
    parts = [text(0, 18, title, style="title")]
    y = 44
    for heading, members in groups:
        parts.append(text(0, y, heading, style="quiet"))
        y += 10
        highest = max(value for _, value, _ in members)
        for name, value, is_ours in members:
            length = (WIDTH - left - right) * value / highest
            parts.append(text(left - 10, y + bar - 4, name, anchor="end"))
            parts.append(
                f'<rect x="{left}" y="{y}" width="{max(length, 1):.1f}" height="{bar}" rx="2" '
                f'class="{"ours" if is_ours else "other"}"/>')
            parts.append(text(left + length + 8, y + bar - 4, f"{value:,.0f}", style="quiet"))
            y += bar + gap
        y += 22
    return document(y, title, parts)


def lines(title, series, x_ticks, y_ticks, x_title, y_title):
    """Lines: `series` are (name, [(x, y)]), positions between 0 and 1; ticks are (position, label)."""
    return panels(title, [(None, series)], x_ticks, y_ticks, x_title, y_title)


def panels(title, groups, x_ticks, y_ticks, x_title, y_title):
    """Lines in panels beside each other, with the same scales: `groups` are (heading, series), the same names in each."""
    left, right, gap, bottom, height = 70, 36, 30, 44, 400
    top = 56 if groups[0][0] is None else 76
    panel_width, inner_height = (WIDTH - left - right - gap * (len(groups) - 1)) // len(groups), height - top - bottom
    parts = [text(0, 18, title, style="title"), text(0, 42, y_title, style="quiet")]
    for number, (heading, series) in enumerate(groups):
        begin = left + number * (panel_width + gap)

        def place(x, y):
            return begin + x * panel_width, top + (1 - y) * inner_height

        if heading is not None:
            parts.append(text(begin + panel_width / 2, top - 12, heading, anchor="middle"))
        for position, label in y_ticks:
            x, y = place(0, position)
            parts.append(f'<line x1="{x}" x2="{x + panel_width}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
            if number == 0:
                parts.append(text(x - 8, y + 4, label, anchor="end", style="quiet"))
        for position, label in x_ticks:
            x, y = place(position, 0)
            parts.append(text(x, y + 18, label, anchor="middle", style="quiet"))
        for index, (_, points) in enumerate(series):
            places = [place(x, y) for x, y in points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline points="{path}" class="s{index % 6}"/>')
            # Of several panels the points are so few that each is worth a dot.
            if heading is not None:
                parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" class="s{index % 6}"/>' for x, y in places]
    parts.append(text(WIDTH - right, height - 8, x_title, anchor="end", style="quiet"))
    names = [name for name, _ in groups[0][1]]
    return document(height + 20 + math.ceil(len(names) / KEY_COLUMNS) * 22, title, parts + key(names, height + 20))


def key(names, top):
    """Which line is what."""
    parts = []
    for index, name in enumerate(names):
        x, y = (index % KEY_COLUMNS) * (WIDTH // KEY_COLUMNS), top + (index // KEY_COLUMNS) * 22
        parts.append(f'<line x1="{x}" x2="{x + 20}" y1="{y - 4}" y2="{y - 4}" class="key s{index % 6}"/>')
        parts.append(text(x + 28, y, name))
    return parts


def logarithmic(values):
    """A scale that holds all values: a function to a position between 0 and 1, and (position, value) at each 1, 2 and 5."""
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = low - 0.05, max(high + 0.05, low + 1)

    def place(value):
        return (math.log10(value) - low) / (high - low)

    ticks = [
        (place(step * 10 ** power), step * 10 ** power)
        for power in range(math.floor(low), math.ceil(high) + 1) for step in (1, 2, 5)
        if low <= math.log10(step * 10 ** power) <= high]
    return place, ticks


def duration(microseconds):
    if microseconds < 1000:
        return f"{microseconds:g} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:g} ms"
    return f"{microseconds / 1_000_000:g} s"


def throughput(part):
    titles = {
        "status": "look-ups a second", "start": "starts a second", "progress": "reports a second",
        "cycle": "whole lives a second", "claim": "claimed and completed a second, by 8 workers"}
    peers = ("evhttp", "nginx", "webdis", "FastAPI", "Celery")
    groups = []
    for group, title in titles.items():
        members = [
            (name, figures["median"], not name.startswith(peers))
            for name, figures in part["groups"].get(group, {}).items()]
        if members:
            groups.append((title, members))
    return bars("Highest load", groups)


def latency(part):
    """By percentile, the axis running towards 100 % in powers of ten."""
    shares = ["50", "75", "90", "95", "99", "99.5", "99.9", "99.99"]

    def across(share):
        return (-math.log10(1 - float(share) / 100) - 0.30103) / (4 - 0.30103)

    works = {name: figures for name, figures in part["works"].items() if not name.startswith("evhttp")}
    place, ticks = logarithmic([figures["us"][share] for figures in works.values() for share in shares])
    return lines(
        "Time to the answer at half of the highest load",
        [(name, [(across(share), place(figures["us"][share])) for share in shares]) for name, figures in works.items()],
        [(across(share), f"{share} %") for share in ["50", "90", "99", "99.9", "99.99"]],
        [(position, duration(value)) for position, value in ticks], "of all requests were answered within", "time")


def cost(part):
    """A panel for each store, so that a flat line says what is promised: the number of processes costs nothing."""
    operations = {
        "status": "a look-up", "start": "a start", "report": "a report", "claim": "a claim", "list": "a page of 100",
        "cleanup": "a cleanup batch of 25"}
    sizes, stores = part["sizes"], part["stores"]
    place, ticks = logarithmic(
        [median for found in stores.values() for name in operations for median in found["us"][name]["50"]])

    def across(size):
        # Not to the very edges, where the labels of two panels would meet.
        return 0.08 + 0.84 * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])

    return panels(
        "Cost against size: the median time of one operation",
        [
            (store, [
                (title, [(across(size), place(median)) for size, median in zip(sizes, found["us"][name]["50"])])
                for name, title in operations.items()])
            for store, found in stores.items()],
        [(across(size), "10" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[round(math.log10(size))]) for size in sizes],
        [(position, duration(value)) for position, value in ticks], "processes in the store", "time")


def watchers(part):
    shares = ["50", "75", "90", "95", "99", "99.5", "99.9"]

    def across(share):
        return (-math.log10(1 - float(share) / 100) - 0.30103) / (3 - 0.30103)

    found = part["latency"]
    place, ticks = logarithmic([figures["us"][share] for figures in found.values() for share in shares])
    return lines(
        f"From a change to its event, {part['watchers']:,} watchers",
        [(name, [(across(share), place(figures["us"][share])) for share in shares]) for name, figures in found.items()],
        [(across(share), f"{share} %") for share in ["50", "90", "99", "99.9"]],
        [(position, duration(value)) for position, value in ticks], "of all events were read within", "time")


def soak(part):
    """Resident memory over time."""
    stores = part["stores"]
    highest = max(max(figures["resident"]) for figures in stores.values())
    step = 10 ** math.floor(math.log10(highest / 1048576)) * 1048576
    top = math.ceil(highest / step) * step
    minutes = part["minutes"]
    return lines(
        "Resident memory under steady work",
        [
            (store, [
                (index / (len(figures["resident"]) - 1), value / top) for index, value in enumerate(figures["resident"])])
            for store, figures in stores.items()],
        [(index / 4, f"{minutes * index / 4:g} min") for index in range(5)],
        [(value / top, f"{value // 1048576} MiB") for value in range(0, top + 1, step)], "", "memory")


def pictures(results):
    """All pictures that the figures allow, by name."""
    drawn = {"throughput": throughput, "latency": latency, "cost": cost, "watchers": watchers, "soak": soak}
    return {name: draw(results[name]) for name, draw in drawn.items() if name in results}
