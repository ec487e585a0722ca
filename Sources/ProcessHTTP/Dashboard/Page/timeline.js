// The times of a process in their order: what was, and what will be unless something happens.

import { now } from "./api.js";
import { make, setAttribute, setText } from "./dom.js";
import { ageElement, length, point } from "./format.js";
import { finished } from "./filters.js";

/** What is known of when; the order here decides between equal times. */
function events(process) {
  const isRunning = process.status === "running";
  const isFinished = finished.includes(process.status);
  const list = [
    ["Created", process.created_at],
    [process.status === "pending" && Date.parse(process.run_after) > now() ? "May be claimed" : "Was due", process.run_after],
    [process.attempt > 1 ? `Started, attempt ${process.attempt}` : "Started", process.started_at],
    ["Last progress", isFinished ? null : process.progress_at],
    ["Last sign of its worker", isRunning && process.heartbeat_at !== process.progress_at ? process.heartbeat_at : null],
    ["Expected end", isRunning && Date.parse(process.estimated_finish_at) > now() ? process.estimated_finish_at : null],
    ["Lease ends, unless renewed", isRunning ? process.lease_expires_at : null],
    [process.status === "pending" ? "Fails if nobody claims it" : "Time-out", isFinished ? null : process.deadline],
    [process.status[0].toUpperCase() + process.status.slice(1), process.finished_at],
    ["Is removed", process.expires_at],
  ];
  return list.filter(([, time]) => time !== null && time !== undefined)
    .map(([name, time]) => ({ name, time: Date.parse(time) }))
    .sort((one, other) => one.time - other.time);
}

export class Timeline {
  #shown = "";

  constructor() {
    this.list = make("ol", { class: "timeline" });
    this.waited = make("span", { class: "waited" });
    this.ran = make("span", { class: "ran" });
    this.summary = make("p", { class: "fine" });
    this.element = make("section", { class: "panel", "aria-labelledby": "times-title" },
      make("div", { class: "panel-head" }, make("h3", { id: "times-title" }, "Times")),
      make("div", { class: "span", "aria-hidden": "true" }, this.waited, this.ran), this.summary, this.list);
  }

  show(process) {
    this.#showSpan(process);
    const list = events(process);
    const key = JSON.stringify(list);
    if (key === this.#shown) return;
    this.#shown = key;
    const time = now();
    this.list.replaceChildren(...list.map((event, index) => make("li", { class: event.time > time ? "ahead" : null },
      make("span", { class: "what" }, event.name),
      make("span", { class: "when" }, point(event.time)),
      make("span", { class: "age" }, ageElement(event.time),
        index > 0 && event.time <= time && event.time > list[index - 1].time
          ? make("span", { class: "gap" }, `+${length(event.time - list[index - 1].time)}`) : null))));
  }

  #showSpan(process) {
    const created = Date.parse(process.created_at);
    const end = process.finished_at ? Date.parse(process.finished_at) : now();
    const started = process.started_at ? Date.parse(process.started_at) : end;
    const whole = Math.max(1, end - created);
    // The object model may set a style where markup may not: the policy forbids what could be injected.
    this.waited.hidden = started === created;
    this.waited.style.flexGrow = Math.max(0, started - created) / whole;
    this.ran.style.flexGrow = Math.max(0, end - started) / whole;
    setAttribute(this.ran, "data-status", process.status);
    const words = process.started_at === null ? [`waited ${length(end - created)}`]
      : [...(started - created > 0 ? [`waited ${length(started - created)}`] : []), `${process.finished_at ? "ran" : "has been running for"} ${length(end - started)}`];
    setText(this.summary, words.join(", "));
  }
}
