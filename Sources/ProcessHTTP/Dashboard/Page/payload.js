// A payload: read in comfort, as it was sent, and copied.

import { copy, make, setText } from "./dom.js";
import { readable } from "./json.js";

/** More characters than this make a browser slow, and nobody reads them; a copy has them all. */
const longest = 200_000;

export class Payload {
  #text = null;
  #isRaw = false;

  constructor(title) {
    this.title = title;
    this.pre = make("pre", { tabindex: 0, role: "region", "aria-label": title });
    this.note = make("p", { class: "fine", hidden: true });
    this.toggle = make("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => this.#switch() }, "Raw");
    this.element = make("section", { class: "panel payload", hidden: true },
      make("div", { class: "panel-head" }, make("h3", {}, title), this.toggle,
        make("button", { type: "button", class: "quiet", "aria-label": `Copy ${title.toLowerCase()}`, onclick: () => copy(this.#text, title.toLowerCase()) }, "Copy")),
      this.pre, this.note);
  }

  /** Shows the JSON text of a payload; null shows none. */
  show(text) {
    const shown = text === "null" ? null : text ?? null;
    if (shown === this.#text) return;
    this.#text = shown;
    this.element.hidden = shown === null;
    if (shown !== null) this.#draw();
  }

  #switch() {
    this.#isRaw = !this.#isRaw;
    this.toggle.setAttribute("aria-pressed", String(this.#isRaw));
    this.#draw();
  }

  #draw() {
    const text = this.#isRaw ? this.#text : readable(this.#text, longest);
    const isLong = text.length > longest;
    setText(this.pre, isLong ? text.slice(0, longest) : text);
    this.note.hidden = !isLong;
    if (isLong) setText(this.note, `Shown are the first ${longest.toLocaleString()} characters; a copy has all ${this.#text.length.toLocaleString()} of what was sent.`);
  }
}
