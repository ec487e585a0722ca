// What a process's worker says while it works, as it says it.

import { query } from "./api.js";
import { make, setText } from "./dom.js";
import { follow } from "./events.js";
import { plural } from "./format.js";

/** As many pieces stay on the page; older ones are in the service. */
const most = 500;
/** Types of the service's own that end the stream. */
const ends = new Set(["done", "error"]);

export class Output {
  #stream = null;
  #lastID = null;
  #isOver = false;
  #count = 0;
  #waiting = [];
  #isScheduled = false;

  constructor() {
    this.log = make("div", { class: "output", role: "log", "aria-label": "Output", tabindex: 0 });
    this.note = make("p", { class: "fine", hidden: true });
    this.state = make("span", { class: "fine" });
    this.element = make("section", { class: "panel", "aria-labelledby": "output-title", hidden: true },
      make("div", { class: "panel-head" }, make("h3", { id: "output-title" }, "Output"), this.state), this.note, this.log);
  }

  /** Reads on from where it stopped. What has ended and was read to its end is read again only if the process was retried. */
  follow(id, connection, isFinished) {
    if (this.#stream !== null || (this.#isOver && isFinished)) return;
    this.#isOver = false;
    this.#stream = follow(`stream/${encodeURIComponent(id)}${query({ after: this.#lastID })}`, {
      open: () => connection.report("output", true),
      lost: () => connection.report("output", false),
      // What became of the process is said elsewhere on the page.
      refused: () => connection.forget("output"),
      isOver: () => {
        if (!this.#isOver) return false;
        this.#stream = null;
        connection.forget("output");
        return true;
      },
      event: (event) => {
        this.#lastID = event.id ?? this.#lastID;
        if (ends.has(event.type)) this.#isOver = true; else this.#add(event);
        setText(this.state, this.#isOver ? "ended" : "live");
      },
    });
  }

  stop() {
    this.#stream?.stop();
    this.#stream = null;
  }

  hurry() { this.#stream?.hurry(); }

  #add(event) {
    this.element.hidden = false;
    this.#count += 1;
    this.#waiting.push(event);
    if (this.#waiting.length > most) this.#waiting.shift();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush() {
    const { log } = this;
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(...this.#waiting.map(piece));
    this.#waiting = [];
    while (log.childElementCount > most) log.firstElementChild.remove();
    const dropped = this.#count - log.childElementCount;
    this.note.hidden = dropped === 0;
    setText(this.note, `${plural(dropped, "earlier piece")} not shown`);
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }
}

/** One piece. Text goes on where the last one ended, as a worker writes it; anything else has a line of its own. */
function piece({ type, data, id }) {
  const isText = data.startsWith('"');
  const text = type === "gap" ? `older output is gone: ${data}` : type === "restart" ? "a new attempt begins" : isText ? JSON.parse(data) : data;
  const isInline = isText && type === "content";
  return make("span", { class: isInline ? "piece" : "piece own", title: `${type} ${id ?? ""}`.trim() },
    isInline ? null : make("b", {}, `${type} `), text);
}
