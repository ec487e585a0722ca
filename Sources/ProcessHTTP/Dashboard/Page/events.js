// Follows a stream of server-sent events.
//
// Not `EventSource`: it hands out only types that are known beforehand, while those of a process's output are the worker's to
// choose; it tells no status; and it takes a connection that has gone silent for one that is alive.

import { Problem, noteClock } from "./api.js";

/** The service writes a comment each 15 s: after three that are missing, nobody is there. */
const longestSilence = 50_000;
const longestWait = 5_000;
const longestTurn = 20;
const sliceLength = 16_384;

/**
 * Follows a path until it is told to stop.
 *
 * @param {string} path
 * @param {object} on `open()`, `lost()`, `event({type, data, id})`, `refused(problem)` for what asking again won't mend;
 *   `isOver()`, asked when the service closed the stream, says whether that was its end.
 * @returns {{stop: Function, hurry: Function}}
 */
export function follow(path, on) {
  const stopped = new AbortController();
  let wake = () => {};
  run();
  return { stop: () => { stopped.abort(); wake(); }, hurry: () => wake() };

  async function run() {
    let lastID = null;
    let failures = 0;
    while (!stopped.signal.aborted) {
      try {
        await once(path, stopped.signal, lastID, {
          open() { failures = 0; on.open?.(); },
          event(event) {
            if (event.id !== null) lastID = event.id;
            on.event(event);
          },
        });
        if (stopped.signal.aborted || on.isOver?.()) return;
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (error instanceof Problem && error.status >= 400 && error.status < 500) return on.refused?.(error);
      }
      on.lost?.();
      failures += 1;
      const wait = Math.min(longestWait, 250 * 2 ** failures) * (0.75 + Math.random() / 2);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait);
        wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }
}

/** Reads one connection to its end. */
async function once(path, stopped, lastID, on) {
  const silent = new AbortController();
  let watch = setTimeout(() => silent.abort(), longestSilence);
  try {
    const headers = { Accept: "text/event-stream" };
    if (lastID !== null) headers["Last-Event-ID"] = lastID;
    const response = await fetch(path, {
      headers, cache: "no-store", credentials: "same-origin", signal: AbortSignal.any([stopped, silent.signal]),
    });
    noteClock(response);
    if (!response.ok) throw await Problem.of(response);
    on.open();
    const parser = new EventParser(on.event);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let begin = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => silent.abort(), longestSilence);
      for (let at = 0; at < value.length; at += sliceLength) {
        parser.receive(value.slice(at, at + sliceLength));
        // What has come already would be read without a pause otherwise, and a thousand events would hold up the page.
        if (performance.now() - begin > longestTurn) {
          await new Promise((resolve) => { setTimeout(resolve); });
          begin = performance.now();
        }
        if (stopped.aborted) return;
      }
    }
  } finally {
    clearTimeout(watch);
  }
}

/** Cuts the text of a stream into events, as the HTML standard says. */
export class EventParser {
  #rest = "";
  #type = "";
  #data = [];
  #id = null;
  #onEvent;

  constructor(onEvent) { this.#onEvent = onEvent; }

  receive(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      if (this.#data.length > 0) {
        this.#onEvent({ type: this.#type || "message", data: this.#data.join("\n"), id: this.#id });
      }
      this.#type = "";
      this.#data = [];
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
  }
}
