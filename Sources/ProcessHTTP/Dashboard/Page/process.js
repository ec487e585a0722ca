// One process in full, as it changes.

import { Problem, now, query, send } from "./api.js";
import { byID, copy, make, oneLine, setText } from "./dom.js";
import { askToCancel, askToRetry } from "./dialogs.js";
import { follow } from "./events.js";
import { finished, listAddress, processAddress } from "./filters.js";
import { count, point } from "./format.js";
import { members } from "./json.js";
import { Output } from "./output.js";
import { Payload } from "./payload.js";
import { Progress, showStatus, statusElement } from "./row.js";
import { Timeline } from "./timeline.js";

/** Nothing is told of a process after its end; a retry or its removal is found by asking. */
const pauseAfterEnd = 5_000;

export class ProcessView {
  #connection;
  #id;
  #process = null;
  #children = 0;
  #stream = null;
  #timer = null;
  #isGone = false;
  #shownFacts = "";
  #isStopped = false;

  constructor(id, connection, back) {
    this.#id = id;
    this.#connection = connection;
    this.title = make("h2", { id: "process-title", tabindex: -1 }, id);
    this.status = statusElement();
    this.kind = make("p", { class: "kind" });
    this.problem = make("p", { class: "notice bad", role: "alert", hidden: true });
    this.progress = new Progress("Progress");
    this.estimate = make("p", { class: "fine" });
    this.timeline = new Timeline();
    this.facts = make("dl", { class: "facts" });
    this.input = new Payload("Input");
    this.result = new Payload("Result");
    this.error = make("section", { class: "panel failure", hidden: true, "aria-labelledby": "error-title" });
    this.details = new Payload("Error details");
    this.output = new Output();
    this.cancelButton = make("button", { type: "button", class: "danger", hidden: true, onclick: () => this.cancel() }, "Cancel…");
    this.retryButton = make("button", { type: "button", class: "primary", hidden: true, onclick: () => this.retry() }, "Retry…");
    this.body = make("div", { class: "process-body", hidden: true },
      make("div", { class: "panel lead" }, this.progress.element, this.estimate),
      this.error,
      make("div", { class: "process-columns" },
        make("div", {}, this.details.element, this.output.element, this.result.element, this.input.element),
        make("div", {}, this.timeline.element,
          make("section", { class: "panel", "aria-labelledby": "facts-title" },
            make("div", { class: "panel-head" }, make("h3", { id: "facts-title" }, "Facts")), this.facts))));
    byID("process-view").replaceChildren(
      make("p", {}, make("a", { href: back, class: "back" }, "← All processes")),
      make("div", { class: "process-head" },
        make("div", { class: "process-name" }, this.status, this.title,
          make("button", { type: "button", class: "quiet", "aria-label": "Copy id", onclick: () => copy(id, "the id") }, "Copy")),
        this.kind,
        make("div", { class: "actions" }, this.cancelButton, this.retryButton)),
      this.problem, this.body);
    this.resume();
  }

  /** Reads and follows the process. */
  resume() {
    this.#isStopped = false;
    this.#read();
  }

  pause() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#stream?.stop();
    this.#stream = null;
    this.output.stop();
    for (const source of ["events", "output"]) this.#connection.forget(source);
  }

  hurry() {
    this.#stream?.hurry();
    this.output.hurry();
    if (this.#stream === null && !this.#isGone && !this.#isStopped) this.#read();
  }

  cancel() {
    if (!this.cancelButton.hidden) askToCancel(this.#process, this.#children, () => this.#read());
  }

  retry() {
    if (!this.retryButton.hidden) askToRetry(this.#process, () => this.#read());
  }

  // MARK: Reading

  async #read() {
    clearTimeout(this.#timer);
    try {
      const response = await send("GET", `status/${encodeURIComponent(this.#id)}?include=children`);
      if (this.#isStopped) return;
      if (!response.ok) throw await Problem.of(response);
      const text = await response.text();
      const { children } = JSON.parse(text);
      this.#showChildren(children);
      this.#show(text);
      this.output.follow(this.#id, this.#connection, finished.includes(this.#process.status));
      if (finished.includes(this.#process.status)) this.#readLater(); else this.#follow();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404 || error.status === 410 || error.status === 400) this.#refuse(error); else this.#readLater();
    }
  }

  #readLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), pauseAfterEnd);
  }

  #follow() {
    if (this.#stream !== null) return;
    this.#stream = follow(`events/${encodeURIComponent(this.#id)}`, {
      open: () => this.#connection.report("events", true),
      lost: () => this.#connection.report("events", false),
      refused: (problem) => this.#refuse(problem),
      event: (event) => { if (event.type === "process") this.#show(event.data); },
      isOver: () => {
        if (!finished.includes(this.#process.status)) return false;
        this.#stream = null;
        this.#connection.forget("events");
        this.#readLater();
        return true;
      },
    });
  }

  #refuse(problem) {
    this.#isGone = true;
    this.pause();
    this.problem.hidden = false;
    setText(this.problem, problem.message);
    for (const button of [this.cancelButton, this.retryButton]) button.hidden = true;
  }

  // MARK: Showing

  /** Shows a process from its JSON text, out of which payloads are cut as they are. */
  #show(text) {
    const process = JSON.parse(text);
    if (this.#process !== null && process.revision < this.#process.revision) return;
    const texts = members(text);
    this.#process = process;
    this.body.hidden = false;
    this.problem.hidden = true;
    showStatus(this.status, process);
    document.title = `${process.status} · ${this.#id} · process-tracker`;
    this.kind.replaceChildren(...described(process));
    // What it failed with has a place of its own on this page.
    this.progress.show({ ...process, error: null });
    this.progress.element.parentElement.hidden = process.status === "pending" && process.progress === null;
    setText(this.estimate, estimate(process));
    this.timeline.show(process);
    this.#showFacts();
    this.#showError(process.error, texts.get("error"));
    this.input.show(texts.get("input"));
    this.result.show(texts.get("result"));
    this.cancelButton.hidden = finished.includes(process.status);
    this.retryButton.hidden = !["failed", "cancelled"].includes(process.status);
  }

  #showError(error, text) {
    this.error.hidden = error === null;
    this.details.show(error === null ? null : members(text).get("details"));
    if (error !== null) this.error.replaceChildren(
      make("h3", { id: "error-title" }, "Error ", make("code", {}, error.code)), make("p", {}, error.message ?? ""));
  }

  #showChildren(children) {
    const parts = Object.entries(children).filter(([, number]) => number > 0);
    this.#children = parts.reduce((sum, [, number]) => sum + number, 0);
    this.childrenText = parts.map(([status, number]) => `${count(number)} ${status}`).join(", ");
  }

  #showFacts() {
    const process = this.#process;
    const metadata = Object.entries(process.metadata);
    const facts = [
      ["Cancellation", process.cancel_requested ? process.cancel_reason ?? "requested, without a reason" : null],
      ["Queue", process.queue], ["Priority", process.priority === 0 ? null : String(process.priority)],
      ["Attempt", process.max_attempts > 1 || process.attempt > 1 ? `${process.attempt} of ${process.max_attempts}` : null],
      ["Worker", process.worker], ["Lease", process.lease],
      ["Longest run", process.timeout], ["Longest wait for a worker", process.pickup_timeout], ["Kept once finished", process.retain],
      ["Parent", process.parent_id && make("a", { href: processAddress(process.parent_id), class: "id" }, process.parent_id)],
      ["Children", this.childrenText || null],
      ["Trace", process.traceparent], ["Revision", count(process.revision)],
      ["Metadata", metadata.length === 0 ? null : make("ul", { class: "chips" }, ...metadata.map(([key, value]) => make("li", {},
        make("a", { href: listAddress({ id: "", status: [], kind: [], queue: [], metadata: { [key]: value }, order: "" }) }, `${key}=${oneLine(value)}`))))],
    ].filter(([, value]) => value !== null);
    const key = JSON.stringify(facts.map(([name, value]) => [name, value instanceof Node ? value.textContent : value]));
    if (this.#shownFacts === key) return;
    this.#shownFacts = key;
    this.facts.replaceChildren(...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  }
}

function described(process) {
  const link = (name) => make("a", { href: listAddress({ id: "", status: [], kind: [], queue: [], metadata: {}, order: "", [name]: [process[name]] }) }, process[name]);
  return [link("kind"), ...(process.queue === null ? [] : [" in the queue ", link("queue")]), ...(process.worker === null ? [] : [` on ${process.worker}`])];
}

function estimate({ status, estimated_finish_at: end, progress }) {
  const parts = [];
  if (progress?.total) parts.push(`${count(progress.done)} of ${count(progress.total)}`);
  if (status === "running" && end !== null && Date.parse(end) > now()) parts.push(`expected to end at ${point(Date.parse(end))}`);
  return parts.join(", ");
}
