// Starts and ends over the last quarter of an hour.
//
// The service keeps no history of its counts. From the moment the page was opened they are compared every few seconds; what was
// before is drawn from the newest processes: every start is in there as long as there were not too many, and of the ends those
// whose process is among them.

import { json, now, query } from "./api.js";
import { byID, make, setAttribute, setText } from "./dom.js";
import { finished } from "./filters.js";
import { count } from "./format.js";

const width = 15_000;
const size = 60;
const recent = 5 * 60_000;
const mostRead = 1000;
const minute = 60_000;
const height = 64;

class Series {
  #buckets = new Map();

  add(time, kind, number = 1) {
    const key = Math.floor(time / width);
    const bucket = this.#buckets.get(key) ?? {};
    bucket[kind] = (bucket[kind] ?? 0) + number;
    this.#buckets.set(key, bucket);
    for (const old of this.#buckets.keys()) if (old < key - size) this.#buckets.delete(old);
  }

  /** The buckets, oldest first; the last one is not over yet. */
  all(time) {
    const last = Math.floor(time / width);
    return Array.from({ length: size }, (_, index) => this.#buckets.get(last - size + 1 + index) ?? {});
  }
}

export class Rates {
  #started = new Series();
  #ended = new Series();
  #previous = null;
  #openedAt = now();
  #isSampled = false;
  #charts = null;

  /** Reads what was before. */
  async load() {
    const since = now() - width * (size - 1);
    const { processes, next_cursor: next } = await json("GET", `processes${query({
      created_after: new Date(since).toISOString(), limit: mostRead, fields: "status,created_at,finished_at",
    })}`);
    this.#isSampled = next !== null;
    for (const process of processes) {
      this.#started.add(Date.parse(process.created_at), "started");
      if (process.finished_at !== null) this.#ended.add(Date.parse(process.finished_at), process.status);
    }
  }

  /** Compares counts with those before: what is more was started or ended; what a cleanup took is added again. */
  sample(statistics) {
    const previous = this.#previous;
    this.#previous = statistics;
    if (previous === null) return;
    const cleanup = statistics.last_cleanup;
    // One that goes in portions was seen in part before.
    const seen = cleanup !== null && cleanup.started_at === previous.last_cleanup?.started_at ? previous.last_cleanup.removed : 0;
    const removed = cleanup === null ? 0 : Math.max(0, cleanup.removed - seen);
    const started = statistics.total - previous.total + removed;
    if (started > 0) this.#started.add(now(), "started", started);
    for (const status of finished) {
      const ended = statistics.by_status[status] - previous.by_status[status];
      if (ended > 0) this.#ended.add(now(), status, ended);
    }
  }

  draw() {
    const time = now();
    const started = this.#started.all(time);
    const ended = this.#ended.all(time);
    const top = Math.max(1, ...[...started, ...ended].map(sum));
    this.#charts ??= [new Chart("Started", ["started"]), new Chart("Ended", ["completed", "cancelled", "failed"])];
    this.#charts[0].show(started, top);
    this.#charts[1].show(ended, top);
    const source = this.#isSampled ? `the newest ${count(mostRead)} processes` : "the processes that are still there";
    const hasHistory = time - this.#openedAt < width * size;
    setText(byID("rates-note"), hasHistory
      ? `Counted since this page was opened at ${new Date(Date.now() - (time - this.#openedAt)).toLocaleTimeString()}; before, from ${source}.` : "");
  }
}

const sum = (bucket) => Object.values(bucket).reduce((total, number) => total + number, 0);

/** One series as bars, and what it shows in words. */
class Chart {
  #kinds;
  #title;

  constructor(title, kinds) {
    this.#title = title;
    this.#kinds = kinds;
    this.svg = make("svg", { viewBox: `0 0 ${size * 8} ${height}`, preserveAspectRatio: "none", role: "img" });
    this.rate = make("b", {});
    this.failed = make("span", { class: "failed-rate" });
    this.peak = make("span", { class: "peak" });
    byID("rates").append(make("figure", { class: "chart" },
      make("figcaption", {}, make("span", { class: "name" }, title), make("span", { class: "rate", title: "Over the last 5 minutes" }, this.rate, " a minute"), this.failed, this.peak),
      this.svg,
      make("div", { class: "scale", "aria-hidden": "true" }, ...["15 min ago", "10", "5", "now"].map((text) => make("span", {}, text)))));
  }

  /** Shows buckets; `top` is the sum that fills the height. */
  show(buckets, top) {
    const latest = buckets.slice(-recent / width);
    const rate = words(latest.reduce((total, bucket) => total + sum(bucket), 0) / (recent / minute));
    const failed = latest.reduce((total, bucket) => total + (bucket.failed ?? 0), 0) / (recent / minute);
    const peak = words(Math.max(...buckets.map(sum)) / (width / minute));
    setText(this.rate, rate);
    setText(this.failed, failed > 0 ? `${words(failed)} failed` : "");
    setText(this.peak, `peak ${peak}`);
    setAttribute(this.svg, "aria-label", `${this.#title} per minute over the last 15 minutes: ${rate} over the last 5, at most ${peak}.`);
    const bars = buckets.flatMap((bucket, index) => {
      let y = height;
      return this.#kinds.filter((kind) => bucket[kind]).map((kind) => {
        // Even one alone among thousands can be seen.
        const tall = Math.max(2, bucket[kind] / top * (height - 2));
        y -= tall;
        return make("rect", { x: index * 8 + 1, y: Math.max(0, y), width: 6, height: tall, class: kind });
      });
    });
    this.svg.replaceChildren(...bars, make("line", { x1: 0, x2: size * 8, y1: height - 0.5, y2: height - 0.5, class: "axis" }));
  }
}

const words = (number) => number.toLocaleString(undefined, { maximumFractionDigits: number < 10 ? 1 : 0 });
