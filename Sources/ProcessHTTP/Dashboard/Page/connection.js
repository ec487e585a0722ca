// Whether what the page shows is alive. Several parts of it read from the service; if one of them can't, the page says so.

import { byID, setText } from "./dom.js";

/** A connection that is back within this time is not worth a word. */
const patience = 1500;

export class Connection {
  #sources = new Map();
  #lostAt = null;
  #timer = null;

  /** A part can read, or can't any more. */
  report(source, isThere) {
    this.#sources.set(source, isThere);
    this.#show();
  }

  /** A part reads no more, because nobody asks it to. */
  forget(source) {
    this.#sources.delete(source);
    this.#show();
  }

  get isLost() { return this.#lostAt !== null; }

  #show() {
    const states = [...this.#sources.values()];
    const isLost = states.includes(false);
    if (isLost) this.#lostAt ??= performance.now(); else this.#lostAt = null;
    clearTimeout(this.#timer);
    if (!isLost) {
      if (states.length > 0) this.#say("live", "Live");
      return;
    }
    const time = performance.now() - this.#lostAt;
    if (time < patience) this.#timer = setTimeout(() => this.#show(), patience - time);
    else {
      this.#say("lost", `Connection lost, trying again. Shown is what was known at ${this.#lostSince(time)}.`);
    }
  }

  #lostSince(time) {
    return new Date(Date.now() - time).toLocaleTimeString();
  }

  #say(state, text) {
    byID("connection").dataset.state = state;
    document.documentElement.dataset.connection = state;
    setText(byID("connection-text"), text);
  }
}
