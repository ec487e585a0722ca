// The list: one page of at most `pageSize` rows, however many processes there are, changed at most a few times a second.

import { Problem, json, query } from "./api.js";
import { byID, setText } from "./dom.js";
import { emptiness } from "./emptiness.js";
import { follow } from "./events.js";
import { accepts, eventParameters, isID, listAddress, listParameters } from "./filters.js";
import { count, plural } from "./format.js";
import { Row } from "./row.js";

const pageSize = 100;
const shortestPause = 150;
/** A change of the screen may take a fifth of the time at most, however slow the machine. */
const pauseFactor = 4;
const shortestTimeBetweenReads = 2000;
/** What a row shows; payloads, which may be large, are left out. */
const fields = "process_id,kind,status,progress,error,metadata,created_at,started_at,finished_at,queue,"
  + "attempt,max_attempts,cancel_requested,revision";

export class ProcessList {
  #connection;
  #onChange;
  #body = byID("rows");
  #filters = null;
  #rows = new Map();
  /** What came and isn't shown yet, by id; `null` for what left the list. */
  #pending = new Map();
  #next = null;
  /** Whether rows were pushed off the page since its end was read, so that the next page begins sooner. */
  #nextIsOld = false;
  #isScheduled = false;
  #nextFlush = 0;
  #lastRead = 0;
  #stream = null;
  #reading = null;

  /** `connection` is told of the stream, `onChange()` of anything that changed in the service. */
  constructor(connection, onChange) {
    this.#connection = connection;
    this.#onChange = onChange;
    byID("show-new").addEventListener("click", () => this.#flush(true));
    byID("older-page").addEventListener("click", (event) => this.#openNext(event));
    // Rows that move away under a pointer or the keyboard's focus would have the wrong one opened.
    for (const event of ["pointerleave", "focusout"]) this.#body.addEventListener(event, () => this.#schedule());
  }

  /** Whether there is a list to come back to. */
  get isShown() { return this.#filters !== null; }

  /** Shows the list of some filters and follows it. */
  show(filters) {
    this.pause();
    this.#filters = filters;
    this.#rows.clear();
    this.#pending.clear();
    this.#body.replaceChildren();
    this.#next = null;
    byID("processes").setAttribute("aria-busy", "true");
    byID("empty").hidden = true;
    this.resume();
  }

  /** Follows changes, and reads the page anew: nobody knows what was missed. So does each connection after a lost one. */
  resume() {
    if (this.#filters === null || this.#stream !== null) return;
    this.refresh();
    let isFirst = true;
    this.#stream = follow(`events${query({ ...eventParameters(this.#filters), fields })}`, {
      open: () => {
        this.#connection.report("events", true);
        if (!isFirst) this.refresh();
        isFirst = false;
      },
      lost: () => this.#connection.report("events", false),
      refused: (problem) => this.#tell(problem),
      event: (event) => this.#receive(event),
    });
  }

  /** Stops following; what is shown stays. */
  pause() {
    this.#stream?.stop();
    this.#stream = null;
    this.#reading?.abort();
    this.#connection.forget("events");
  }

  /** Connects at once, where it waits for the next try. */
  hurry() { this.#stream?.hurry(); }

  /** Moves the focus by so many rows; false where there are none. */
  move(step) {
    const rows = [...this.#rows.values()];
    const index = rows.findIndex((row) => row.element.contains(document.activeElement));
    const next = rows[index < 0 ? (step > 0 ? 0 : rows.length - 1) : index + step];
    next?.link.focus();
    next?.element.scrollIntoView({ block: "nearest" });
    return rows.length > 0;
  }

  /** Puts the focus on a process, if it is on the page. */
  focus(id) { this.#rows.get(id)?.link.focus(); }

  // MARK: Reading

  async refresh() {
    this.#reading?.abort();
    const reading = this.#reading = new AbortController();
    this.#lastRead = performance.now();
    const filters = this.#filters;
    try {
      const [page, exact] = await Promise.all([this.#page(filters, reading.signal), this.#exact(filters, reading.signal)]);
      if (reading.signal.aborted) return;
      byID("list-problem").hidden = true;
      this.#next = page.next_cursor;
      this.#nextIsOld = false;
      const read = new Map([...page.processes, ...exact].filter((process) => accepts(filters, process))
        .map((process) => [process.process_id, process]));
      for (const id of this.#rows.keys()) if (!read.has(id)) this.#pending.set(id, null);
      for (const [id, process] of read) if (!this.#isOld(process)) this.#pending.set(id, process);
      this.#flush(true);
      byID("processes").removeAttribute("aria-busy");
    } catch (error) {
      if (!reading.signal.aborted) this.#tell(error);
    }
  }

  /** Filters without an index may give a page that is empty and yet has a next one: it goes on until there is something. */
  async #page(filters, signal) {
    const parameters = { ...listParameters(filters), limit: pageSize, fields };
    for (;;) {
      const page = await json("GET", `processes${query(parameters)}`, { signal });
      if (page.processes.length > 0 || page.next_cursor === null) return page;
      parameters.cursor = page.next_cursor;
    }
  }

  async #exact({ id }, signal) {
    if (!isID(id)) return [];
    return (await json("GET", `status${query({ id, fields })}`, { signal })).processes;
  }

  async #openNext(event) {
    if (!this.#nextIsOld) return;
    event.preventDefault();
    try {
      const page = await this.#page(this.#filters);
      location.hash = listAddress(this.#filters, { cursor: page.next_cursor ?? this.#next });
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error) {
    if (!(error instanceof Problem)) throw error;
    // That the service is not there is said at the top of the page.
    if (error.code === "unreachable") return;
    byID("list-problem").hidden = false;
    setText(byID("list-problem"), error.message);
  }

  // MARK: Events

  #receive(event) {
    this.#onChange();
    const process = JSON.parse(event.data);
    const id = process.process_id;
    if (event.type === "removed" || !accepts(this.#filters, process)) {
      if (this.#rows.has(id)) this.#pending.set(id, null); else this.#pending.delete(id);
    } else if (event.type === "process" && !this.#isOld(process) && this.#fits(process)) {
      this.#pending.set(id, process);
      if (this.#pending.size > 5 * pageSize) this.#dropLast();
    }
    if (this.#pending.size > 0) this.#schedule();
  }

  #isOld(process) {
    const known = this.#pending.get(process.process_id) ?? this.#rows.get(process.process_id)?.process;
    return known !== undefined && known.revision > process.revision;
  }

  /** Whether a process belongs onto this page. What is new is on the first page only; the others show what there was. */
  #fits(process) {
    if (this.#rows.has(process.process_id)) return true;
    if (this.#filters.cursor !== "") return false;
    if (this.#rows.size < pageSize) return this.#filters.order === "" || this.#next === null;
    return this.#comesBefore(process, [...this.#rows.values()].at(-1).process);
  }

  /** Thousands may start between two flushes; only the first page of them can be shown. */
  #dropLast() {
    const added = [...this.#pending].filter(([id, process]) => process !== null && !this.#rows.has(id));
    added.sort(([, one], [, other]) => (this.#comesBefore(one, other) ? -1 : 1));
    for (const [id] of added.slice(pageSize)) this.#pending.delete(id);
  }

  #comesBefore(one, other) {
    const isNewer = one.created_at === other.created_at
      ? one.process_id > other.process_id : one.created_at > other.created_at;
    return isNewer === (this.#filters.order === "");
  }

  // MARK: Showing

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const wait = Math.max(0, this.#nextFlush - performance.now());
    setTimeout(() => requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#flush(false);
    }), wait);
  }

  /** Shows what is pending. Rows come and go only where nobody is about to use one, or where it was asked for. */
  #flush(isAsked) {
    const begin = performance.now();
    const mayMove = isAsked || !this.#body.matches(":hover, :focus-within");
    let hasAdded = false;
    for (const [id, process] of this.#pending) {
      const row = this.#rows.get(id);
      if (row && process !== null) {
        row.show(process);
      } else if (!mayMove) {
        continue;
      } else if (row) {
        row.element.remove();
        this.#rows.delete(id);
      } else if (process !== null) {
        this.#rows.set(id, new Row(process, this.#filters));
        hasAdded = true;
      }
      this.#pending.delete(id);
    }
    if (hasAdded) this.#arrange();
    const end = performance.now();
    this.#nextFlush = end + Math.max(shortestPause, pauseFactor * (end - begin));
    const waiting = [...this.#pending.values()].filter((process) => process !== null).length;
    byID("show-new").hidden = waiting === 0;
    setText(byID("show-new"), `Show ${count(waiting)} new`);
    this.#showSize();
    // What left the page makes room for what is on the next one.
    const isSparse = this.#rows.size < pageSize / 2 && this.#next !== null && this.#filters.id === "";
    if (isSparse && performance.now() - this.#lastRead > shortestTimeBetweenReads) this.refresh();
  }

  /** Puts rows into their order, and drops those beyond the page's end. */
  #arrange() {
    const sorted = [...this.#rows.values()]
      .sort((one, other) => (this.#comesBefore(one.process, other.process) ? -1 : 1));
    for (const row of sorted.splice(pageSize)) {
      row.element.remove();
      this.#nextIsOld = true;
    }
    this.#rows = new Map(sorted.map((row) => [row.process.process_id, row]));
    let place = this.#body.firstElementChild;
    for (const row of sorted) {
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    }
  }

  #showSize() {
    const size = this.#rows.size;
    const hasNext = this.#next !== null || this.#nextIsOld;
    setText(byID("list-count"), size === 0 ? "" : `${plural(size, "process", "processes")} on this page`);
    byID("older-page").hidden = !hasNext;
    byID("older-page").href = listAddress(this.#filters, { cursor: this.#next ?? "" });
    byID("newest-page").hidden = this.#filters.cursor === "";
    byID("newest-page").href = listAddress(this.#filters);
    byID("processes").hidden = size === 0;
    byID("empty").hidden = size > 0;
    if (size === 0) byID("empty").replaceChildren(...emptiness(this.#filters));
  }
}
