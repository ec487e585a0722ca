// One process of the list: a row of the table that changes only where the process did.

import { make, oneLine, setAttribute, setText } from "./dom.js";
import { ageElement, percent, setAge, setLength } from "./format.js";
import { listAddress, processAddress } from "./filters.js";

/** A status as a word with its own colour and shape. */
export function statusElement() {
  return make("span", { class: "status" });
}

export function showStatus(element, process) {
  setAttribute(element, "data-status", process.status);
  const isAsked = process.cancel_requested && process.status === "running";
  setText(element, isAsked ? "cancelling" : process.status);
}

/** How far a process is: a bar where there is a number, and words. */
export class Progress {
  constructor(label) {
    this.bar = make("progress", { max: 1, "aria-label": label });
    this.figure = make("span", { class: "figure" });
    this.message = make("span", { class: "message" });
    this.element = make("div", { class: "progress" }, this.bar, this.figure, this.message);
  }

  show(process) {
    const { progress, status } = process;
    const fraction = status === "completed" ? 1 : progress?.fraction ?? null;
    setAttribute(this.bar, "data-status", status);
    this.bar.hidden = fraction === null && status !== "running";
    // A bar without a value is striped: something is done, nobody knows how much.
    if (fraction === null) this.bar.removeAttribute("value");
    else if (this.bar.value !== fraction || !this.bar.hasAttribute("value")) this.bar.value = fraction;
    setText(this.figure, fraction === null ? "" : percent(fraction));
    setText(this.message, oneLine(words(process)));
    setAttribute(this.message, "title", this.message.textContent || null);
  }
}

function words({ progress, status, attempt, max_attempts: most, error }) {
  const tries = most > 1 && attempt > 0 ? `attempt ${attempt} of ${most}` : "";
  const message = status === "failed" && error ? `${error.code}: ${error.message ?? ""}` : progress?.message ?? "";
  return [message, tries].filter((text) => text !== "").join(" · ");
}

export class Row {
  #filters;

  /** Kind and queue lead to the list of `filters` with themselves added. */
  constructor(process, filters) {
    this.#filters = filters;
    const cell = (name, ...children) => make("td", { class: name }, ...children);
    this.process = process;
    this.status = statusElement();
    this.link = make("a", { href: processAddress(process.process_id), class: "id" }, process.process_id);
    this.metadata = make("span", { class: "metadata" });
    this.kind = make("a", {});
    this.queue = make("a", { class: "queue" });
    this.progress = new Progress(`Progress of ${process.process_id}`);
    this.created = ageElement(Date.parse(process.created_at));
    this.took = make("span", {});
    this.element = make("tr", {},
      cell("status-cell", this.status), cell("id-cell", this.link, this.metadata),
      cell("kind-cell", this.kind, this.queue),
      cell("progress-cell", this.progress.element), cell("age-cell number", this.created),
      cell("took-cell number", this.took));
    this.show(process);
  }

  show(process) {
    this.process = process;
    showStatus(this.status, process);
    setText(this.metadata, Object.entries(process.metadata).map(([key, value]) => `${key}=${oneLine(value)}`).join("  "));
    setAttribute(this.metadata, "title", this.metadata.textContent || null);
    this.#filterLink(this.kind, "kind", process.kind);
    this.#filterLink(this.queue, "queue", process.queue);
    this.progress.show(process);
    setAge(this.created, Date.parse(process.created_at));
    if (process.started_at !== null) {
      setLength(this.took, Date.parse(process.started_at), process.finished_at && Date.parse(process.finished_at));
    } else {
      delete this.took.dataset.since;
      setText(this.took, "");
    }
  }

  #filterLink(link, name, value) {
    if (link.textContent === (value ?? "")) return;
    setText(link, value ?? "");
    setAttribute(link, "href", value && listAddress(this.#filters, { [name]: [value] }));
    setAttribute(link, "title", value && `Only ${name} ${value}`);
  }
}
