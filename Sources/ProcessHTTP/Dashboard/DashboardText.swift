// swift-format-ignore-file
// Written by `make docs` out of Dashboard/Page: change the files there.

/// The files of the dashboard.
enum DashboardText {
    /// Each file's name and text.
    static let all: [(name: StaticString, text: StaticString)] = [
("api.js", #"""
// Requests to the service. Addresses are relative to the page's, so that it works behind a proxy's path, too.

/** What went wrong, in words for the operator; `code` is the service's, or `unreachable`. */
export class Problem extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Reads a problem document, or whatever a proxy answered in its place. */
  static async of(response) {
    const text = await response.text().catch(() => "");
    try {
      const document = JSON.parse(text);
      return new Problem(document.code ?? "unknown", `${document.title}: ${document.detail}`, response.status);
    } catch {
      return new Problem("unknown", `${response.status} ${response.statusText}`.trim(), response.status);
    }
  }
}

/** How far the service's clock is ahead of the browser's; ages are told by the service's. */
let clockOffset = 0;

/** The time by the service's clock. */
export const now = () => Date.now() + clockOffset;

/** Notes the clock of the service. Its header tells whole seconds, so a small difference is none. */
export function noteClock(response) {
  const date = Date.parse(response.headers.get("Date") ?? "");
  if (Number.isNaN(date)) return;
  const offset = date + 500 - Date.now();
  clockOffset = Math.abs(offset) < 2000 ? 0 : offset;
}

/** Encodes parameters, those that are null left out; an array repeats its name. */
export function query(parameters) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().filter((each) => each !== null && each !== undefined)
      .map((each) => `${encodeURIComponent(name)}=${encodeURIComponent(each)}`));
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}

/** Sends a request, and gives the response, whatever its status; throws where there is none. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const timeout = AbortSignal.timeout(20_000);
  try {
    const response = await fetch(path, {
      method, cache: "no-store", credentials: "same-origin",
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    noteClock(response);
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("unreachable", "The service did not answer.");
  }
}

/** Gives the text of a good answer; throws a problem for any other. */
export async function text(method, path, options) {
  const response = await send(method, path, options);
  if (!response.ok) throw await Problem.of(response);
  return response.text();
}

/** Gives the value of a good answer. */
export const json = async (method, path, options) => JSON.parse(await text(method, path, options));

"""#),
("app.js", #"""
// Starts the page: shows what its address says, reads the figures every few seconds, and listens to the keyboard.

import { Problem, json } from "./api.js";
import { Connection } from "./connection.js";
import { askToCleanUp } from "./dialogs.js";
import { byID, setAttribute, setText } from "./dom.js";
import { listAddress, place, readSearch, searchText } from "./filters.js";
import { startTicking } from "./format.js";
import { ProcessList } from "./list.js";
import { makeCounts, markCounts, showHealth, showStatistics } from "./overview.js";
import { ProcessView } from "./process.js";
import { Rates } from "./rates.js";

const pollInterval = 5_000;
const shortestPollInterval = 1_000;
/** A tab that nobody looks at gives its connections back: a browser has six for a service, over all its tabs. */
const hiddenPatience = 20_000;

const connection = new Connection();
const rates = new Rates();
const list = new ProcessList(connection, pollSoon);
let processView = null;
/** The list's address and the process opened from it, to come back to. */
let lastList = { address: "#/", filters: place("#/").filters, opened: null };

// MARK: Figures

let pollTimer = null;
let isPolling = false;
let lastPoll = 0;

async function poll() {
  clearTimeout(pollTimer);
  if (isPolling || document.hidden) return;
  isPolling = true;
  lastPoll = performance.now();
  try {
    const wasLost = connection.isLost;
    const [statistics, health] = await Promise.all([json("GET", "stats"), json("GET", "health")]);
    connection.report("figures", true);
    rates.sample(statistics);
    rates.draw();
    showStatistics(lastList.filters, statistics);
    showHealth(health);
    if (wasLost) { list.hurry(); processView?.hurry(); }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    connection.report("figures", false);
    // A service that answers may still say what is wrong with its store.
    if (error.code !== "unreachable") json("GET", "health").then(showHealth, () => {});
  } finally {
    isPolling = false;
    pollTimer = setTimeout(poll, connection.isLost ? shortestPollInterval : pollInterval);
  }
}

/** Something changed, so the counts did, too; not more often than once a second. */
function pollSoon() {
  const early = Math.max(0, lastPoll + shortestPollInterval - performance.now());
  if (isPolling || pollSoon.isComing) return;
  pollSoon.isComing = true;
  setTimeout(() => { pollSoon.isComing = false; poll(); }, early);
}

// MARK: Places

function showPlace() {
  const where = place();
  const isBack = processView !== null;
  processView?.pause();
  processView = null;
  const isList = where.view === "list";
  byID("list-view").hidden = !isList;
  byID("process-view").hidden = isList;
  if (isList) {
    document.title = "Processes · process-tracker";
    const address = location.hash || "#/";
    const isSame = isBack && list.isShown && lastList.address === address;
    const isOtherPage = where.filters.cursor !== lastList.filters.cursor;
    lastList = { ...lastList, address, filters: where.filters };
    showFilters(where.filters);
    markCounts(where.filters);
    showStatistics(where.filters);
    if (isSame) {
      list.resume();
      list.focus(lastList.opened);
    } else list.show(where.filters);
    if (isOtherPage) byID("list-title").scrollIntoView();
  } else {
    list.pause();
    lastList.opened = where.id;
    document.title = `${where.id} · process-tracker`;
    processView = new ProcessView(where.id, connection, lastList.address);
    scrollTo(0, 0);
    processView.title.focus({ preventScroll: true });
  }
}

function showFilters(filters) {
  const { id, metadata } = readSearch(byID("filter-text").value);
  const isSaid = id === filters.id && JSON.stringify(metadata) === JSON.stringify(filters.metadata);
  // Who goes on typing is not interrupted; and of several ways to say the same, his stays.
  if (typing === null && !isSaid) byID("filter-text").value = searchText(filters);
  const status = filters.status.join(",");
  const select = byID("filter-status");
  // A combination that the menu lacks can come by a link; it is kept as long as nothing else is chosen.
  for (const option of [...select.options].filter((each) => each.dataset.isExtra)) option.remove();
  if (![...select.options].some((option) => option.value === status)) {
    const option = new Option(status, status);
    option.dataset.isExtra = "true";
    select.append(option);
  }
  select.value = status;
  byID("filter-kind").value = filters.kind.join(",");
  byID("filter-queue").value = filters.queue.join(",");
  byID("filter-order").value = filters.order;
}

let typing = null;

function applyFilters() {
  clearTimeout(typing);
  typing = null;
  const names = (id) => byID(id).value.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const status = byID("filter-status").value;
  const address = listAddress({
    status: status === "" ? [] : status.split(","), kind: names("filter-kind"), queue: names("filter-queue"),
    order: byID("filter-order").value, ...readSearch(byID("filter-text").value),
  });
  if (address !== location.hash) location.hash = address;
}

byID("filters").addEventListener("submit", (event) => { event.preventDefault(); applyFilters(); });
byID("filters").addEventListener("change", applyFilters);
byID("filter-text").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(applyFilters, 300);
});
byID("clear-filters").addEventListener("click", () => {
  byID("filter-text").value = "";
  location.hash = "#/";
});

// MARK: Keyboard, theme, dialogs

function goBack() {
  if (processView !== null) location.hash = lastList.address;
  else if (byID("filters").contains(document.activeElement)) document.activeElement.blur();
}

const keys = {
  "/": () => { if (processView !== null) location.hash = lastList.address; byID("filter-text").focus(); byID("filter-text").select(); },
  "?": () => byID("help").showModal(),
  j: () => list.move(1), ArrowDown: () => list.move(1), k: () => list.move(-1), ArrowUp: () => list.move(-1),
  c: () => processView?.cancel(), r: () => processView?.retry(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return goBack();
  const { target } = event;
  if (target.matches("input, select, textarea, [role=log], pre")) return;
  const action = keys[event.key];
  const isMove = ["j", "k", "ArrowDown", "ArrowUp"].includes(event.key);
  // Arrows scroll the page unless the list has the focus.
  const isArrowElsewhere = event.key.startsWith("Arrow") && !target.closest("#rows");
  if (!action || (isMove && processView !== null) || isArrowElsewhere) return;
  event.preventDefault();
  action();
});

// The address says what the page shows, so a link into the page must not change it.
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); byID("main").focus(); });

byID("open-cleanup").addEventListener("click", () => askToCleanUp(() => { list.refresh(); poll(); }));
byID("open-help").addEventListener("click", () => byID("help").showModal());
byID("help").querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); byID("help").close(); });

const themes = ["system", "light", "dark"];
const theme = () => document.documentElement.dataset.theme ?? "system";
const showTheme = () => {
  setText(byID("theme-name"), theme());
  setAttribute(byID("theme"), "aria-label", `Theme: ${theme()}`);
};
byID("theme").addEventListener("click", () => {
  const next = themes[(themes.indexOf(theme()) + 1) % themes.length];
  if (next === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
  try { localStorage.setItem("theme", next); } catch { /* it holds until the page is left */ }
  showTheme();
});

// MARK: Start

let hiddenTimer = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => { list.pause(); processView?.pause(); }, hiddenPatience);
  } else {
    if (processView !== null) processView.resume(); else list.resume();
    poll();
  }
});
addEventListener("online", () => { list.hurry(); processView?.hurry(); poll(); });
addEventListener("hashchange", showPlace);

showTheme();
makeCounts();
startTicking();
showPlace();
poll();
rates.load().then(() => rates.draw(), (error) => { if (!(error instanceof Problem)) throw error; });

"""#),
("connection.js", #"""
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

"""#),
("dialogs.js", #"""
// Asks before anything is changed. Each dialog is the browser's own: it holds the focus, closes on Escape, and gives the focus back.

import { Problem, json, query } from "./api.js";
import { announce, make, setText } from "./dom.js";
import { finished } from "./filters.js";
import { count, plural } from "./format.js";

/** Shows a dialog until it is closed. A form in it that is sent calls its own listener. */
function open(title, ...content) {
  const heading = make("h2", { id: "dialog-title" }, title);
  const dialog = make("dialog", { "aria-labelledby": "dialog-title" }, heading, ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const closeButton = (label) => make("button", { type: "button", onclick: (event) => event.target.closest("dialog").close() }, label);

/** Runs what a dialog was for; it closes if that went well, and says why not where it did not. */
async function attempt(dialog, problem, work) {
  const buttons = dialog.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  problem.hidden = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    problem.hidden = false;
    setText(problem, error.message);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

const problemLine = () => make("p", { class: "notice bad", role: "alert", hidden: true });

/** Asks for a process's end. `children`: how many processes name it as their parent. */
export function askToCancel(process, children, done) {
  const id = process.process_id;
  const isRunning = process.status === "running";
  const reason = make("input", { id: "cancel-reason", maxlength: 1000, autocomplete: "off", autofocus: true });
  const force = make("input", { type: "checkbox" });
  const below = make("input", { type: "checkbox" });
  const problem = problemLine();
  const explanation = isRunning
    ? "Its worker is asked to stop, and confirms. A worker that never answers has to be forced."
    : "Nobody works on it yet: it ends at once.";
  const form = make("form", {},
    make("p", {}, explanation),
    make("label", { class: "field" }, make("span", {}, "Reason, which its worker and everybody else can read"), reason),
    isRunning ? make("label", { class: "check" }, force, " Force: end it now, whatever its worker does") : null,
    children > 0 ? make("label", { class: "check" }, below, ` Also what it started: ${plural(children, "process", "processes")} and everything below`) : null,
    problem,
    make("div", { class: "actions" }, closeButton("Keep it"), make("button", { type: "submit", class: "danger" }, "Cancel the process")));
  const dialog = open(`Cancel ${shortened(id)}?`, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(dialog, problem, async () => {
      const options = query({ force: force.checked || null, children: below.checked || null });
      const body = reason.value.trim() === "" ? {} : { reason: reason.value.trim() };
      const after = await json("POST", `cancel/${encodeURIComponent(id)}${options}`, { body });
      dialog.close();
      announce(after.status === "cancelled" ? "Cancelled." : "Asked its worker to stop.");
      done();
    });
  });
}

/** Asks whether a failed or cancelled process is to be tried again. */
export function askToRetry(process, done) {
  const problem = problemLine();
  const form = make("form", {},
    make("p", {}, process.queue === null
      ? "It runs again at once, for whoever started it: nobody is told to do the work."
      : `It waits in the queue ${process.queue} for a worker.`),
    make("p", {}, "Its result, error and progress are cleared."), problem,
    make("div", { class: "actions" }, closeButton("Leave it"), make("button", { type: "submit", class: "primary", autofocus: true }, "Retry")));
  const dialog = open(`Retry ${shortened(process.process_id)}?`, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(dialog, problem, async () => {
      await json("POST", `retry/${encodeURIComponent(process.process_id)}`, { body: {} });
      dialog.close();
      announce("Retried.");
      done();
    });
  });
}

/** Removes finished processes: first it is counted what would go, then that is done. */
export function askToCleanUp(done) {
  const age = make("input", { id: "cleanup-age", value: "24h", size: 8, required: true, autocomplete: "off", pattern: "[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)?", "aria-describedby": "cleanup-age-hint" });
  const boxes = finished.map((status) => make("input", { type: "checkbox", value: status, checked: true }));
  const force = make("input", { type: "checkbox" });
  const report = make("p", { class: "notice", role: "status" }, "Count first: nothing is removed by that.");
  const bar = make("progress", { "data-status": "running", hidden: true, "aria-label": "Removed" });
  const problem = problemLine();
  const remove = make("button", { type: "submit", class: "danger", hidden: true });
  const dry = make("button", { type: "submit", class: "primary", value: "dry" }, "Count");
  const form = make("form", {},
    make("label", { class: "field" }, make("span", {}, "Finished longer ago than"), age),
    make("p", { id: "cleanup-age-hint", class: "fine" }, "Such as 90s, 30m, 24h or 7d; 0 for all that finished."),
    make("fieldset", {}, make("legend", {}, "Which"), ...boxes.map((box) => make("label", { class: "check" }, box, ` ${box.value}`))),
    make("label", { class: "check" }, force, " Also those that are to be kept longer by a retention of their own"),
    report, bar, problem,
    make("div", { class: "actions" }, closeButton("Close"), dry, remove));
  const dialog = open("Clean up", form);
  const parameters = (isDry) => ({
    older_than: age.value.trim(), status: boxes.filter((box) => box.checked).map((box) => box.value).join(","),
    force: force.checked || null, dry_run: isDry || null,
  });
  /** Does it in calls that each end long before one waits in vain; a dialog that is closed ends it after the one under way. */
  const inPortions = async (isDry) => {
    const options = { ...parameters(isDry), within: "2s" };
    let outcome = { removed: 0, next_cursor: null };
    try {
      do {
        outcome = await json("DELETE", `cleanup${query({ ...options, cursor: outcome.next_cursor })}`);
        if (outcome.next_cursor === null) continue;
        bar.hidden = isDry;
        bar.max = Math.max(bar.max, outcome.removed);
        bar.value = outcome.removed;
        setText(report, isDry ? `Counted ${plural(outcome.removed, "process", "processes")} so far…`
          : `Removed ${count(outcome.removed)} of ${plural(bar.max, "process", "processes")} so far…`);
      } while (outcome.next_cursor !== null && dialog.open);
    } catch (error) {
      if (error instanceof Problem && !isDry && outcome.removed > 0) {
        error.message += ` Before that, ${plural(outcome.removed, "process was", "processes were")} removed.`;
        done();
      }
      throw error;
    }
    return outcome;
  };
  let counted = null;
  const forget = () => {
    counted = null;
    bar.hidden = true;
    remove.hidden = true;
    dry.hidden = false;
    setText(report, "Count first: nothing is removed by that.");
  };
  form.addEventListener("input", forget);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!boxes.some((box) => box.checked)) {
      problem.hidden = false;
      return setText(problem, "Choose at least one of completed, failed and cancelled.");
    }
    const isDry = event.submitter !== remove;
    // Nothing is removed by other options than those that were counted.
    if (!isDry && counted !== query(parameters(false))) return forget();
    attempt(dialog, problem, async () => {
      const outcome = await inPortions(isDry);
      if (isDry) {
        counted = query(parameters(false));
        bar.max = Math.max(outcome.removed, 1);
        setText(report, `${plural(outcome.removed, "process", "processes")} would be removed; of those that finished, ${count(outcome.remaining)} would stay.`);
        remove.hidden = outcome.removed === 0;
        dry.hidden = outcome.removed !== 0;
        setText(remove, `Remove ${plural(outcome.removed, "process", "processes")}`);
        if (outcome.removed > 0) setTimeout(() => remove.focus());
      } else {
        dialog.close();
        announce(`Removed ${plural(outcome.removed, "process", "processes")}.`);
        done();
      }
    });
  });
}

const shortened = (id) => (id.length > 40 ? `${id.slice(0, 18)}…${id.slice(-18)}` : id);

"""#),
("dom.js", #"""
// Builds and changes elements. Whatever comes from outside enters as text or as the value of an attribute, never as markup;
// the page's Content-Security-Policy (Trusted Types) has the browser refuse anything else.

const svgTags = new Set(["svg", "g", "rect", "line", "path", "text", "title"]);

/** What is not seen itself and changes what is seen around it: controls, direction marks and overrides, tags. */
const hidden = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;
const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text with such characters written as `\u202e` is, as the command line writes them. Lines are ended, and tabs set. */
const visible = (text) => String(text).replaceAll("\r\n", "\n").replace(hidden, (found) => found.replace(/[^]/g, escape));

/** A text for a place that has one line: there the end of a line is written as `\n`. */
export const oneLine = (text) => text.replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t");

/** Makes an element. Attributes that are null or false are left out; those that begin with `on` are listeners. */
export function make(tag, attributes = {}, ...children) {
  const element = svgTags.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined)
    .map((child) => (child instanceof Node ? child : visible(child))));
  return element;
}

export const byID = (id) => document.getElementById(id);

/** Sets a text only where it differs: what is the same needs no layout, and a screen reader says nothing. */
export function setText(element, text) {
  const shown = visible(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** Sets or removes an attribute, only where it differs. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Says something that was done, in sight and to screen readers, for a few seconds. */
export function announce(text) {
  const announcer = byID("announcer");
  announcer.textContent = text;
  announcer.classList.add("shown");
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => {
    announcer.classList.remove("shown");
    announcer.textContent = "";
  }, 6000);
}

/** Copies a text. The clipboard's own interface is there on HTTPS and localhost only; elsewhere an old way has to do. */
export async function copy(text, what) {
  let isDone = false;
  try {
    await navigator.clipboard.writeText(text);
    isDone = true;
  } catch {
    const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
    // Inside of an open dialog nothing else can be selected.
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.value = text;
    area.select();
    isDone = document.execCommand("copy");
    area.remove();
    focused?.focus();
  }
  announce(isDone ? `Copied ${what}.` : `This browser lets nobody copy ${what}: select the text instead.`);
}

"""#),
("emptiness.js", #"""
// What stands in the place of a list that is empty: how to start a first process, or why a search found nothing.

import { copy, make } from "./dom.js";
import { isFiltering } from "./filters.js";

export function emptiness(filters) {
  if (isFiltering(filters)) {
    const hint = filters.id === "" ? "Finished processes are removed after a while."
      : "The service finds an id by its whole text; a part of one is looked for on this page only.";
    return [make("p", { class: "big" }, "Nothing matches."), make("p", {}, hint), make("p", {}, make("a", { href: "#/" }, "Show all processes"))];
  }
  if (filters.cursor !== "") return [make("p", { class: "big" }, "Nothing is left here."), make("p", {}, make("a", { href: "#/" }, "First page"))];
  const command = `curl -s ${new URL("start", document.baseURI)} --json '{"kind":"report","input":{"customer":42}}'`;
  return [
    make("p", { class: "big" }, "No processes yet."),
    make("p", {}, "Start the first one; it appears here at once:"),
    make("div", { class: "command" }, make("code", {}, command),
      make("button", { type: "button", onclick: () => copy(command, "the command") }, "Copy")),
    make("p", { class: "fine" }, "Then report with ", make("code", {}, "/progress/ID"), " and end it with ", make("code", {}, "/complete/ID"), "."),
  ];
}

"""#),
("events.js", #"""
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

"""#),
("filters.js", #"""
// What the list shows is in the page's address, so that it can be shared and the browser's back button works:
// `#/?status=failed&kind=report&metadata.tenant=acme`, and `#/process/ID` for one process.

import { query } from "./api.js";

export const statuses = ["pending", "running", "completed", "failed", "cancelled"];
export const finished = ["completed", "failed", "cancelled"];
const shape = /^[A-Za-z0-9._:~-]{1,128}$/;

/** Where the address leads: `{view: "list", filters}` or `{view: "process", id}`. */
export function place(hash = location.hash) {
  const process = /^#\/process\/([^?]+)/.exec(hash);
  if (process) {
    try { return { view: "process", id: decodeURIComponent(process[1]) }; } catch { /* the list */ }
  }
  return { view: "list", filters: parse(hash.startsWith("#/?") ? hash.slice(3) : "") };
}

export const processAddress = (id) => `#/process/${encodeURIComponent(id)}`;

/** Reads filters; what the service would refuse is left out. */
function parse(text) {
  const filters = { id: "", status: [], kind: [], queue: [], metadata: {}, order: "", cursor: "" };
  for (const [name, value] of new URLSearchParams(text)) {
    const key = name.startsWith("metadata.") ? name.slice(9) : null;
    if (key !== null && shape.test(key)) filters.metadata[key] = value;
    else if (name === "status") filters.status = value.split(",").filter((each) => statuses.includes(each));
    else if (name === "kind" || name === "queue") filters[name] = value.split(",").filter((each) => shape.test(each));
    else if (name === "id" || name === "cursor") filters[name] = value;
    else if (name === "order" && value === "oldest") filters.order = value;
  }
  return filters;
}

/** The address of a list; parts that are given replace those of the filters, and lead to the first page again. */
export function listAddress(filters, changes = {}) {
  const { id, status, kind, queue, metadata, order, cursor } = { ...filters, cursor: "", ...changes };
  return `#/${query({
    id: id || null, status: status.join() || null, kind: kind.join() || null, queue: queue.join() || null,
    ...labels(metadata), order: order || null, cursor: cursor || null,
  })}`;
}

/** Metadata as parameters; an empty text is one that can be asked for. */
const labels = (metadata) => Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]));

/** The filters as the service takes them for a list. */
export const listParameters = (filters) => ({
  ...eventParameters(filters), order: filters.order || null, cursor: filters.cursor || null,
});

/** The filters as the service takes them for events. */
export const eventParameters = ({ status, kind, queue, metadata }) => ({ status, kind, queue, ...labels(metadata) });

/** Whether anything is left out by them. */
export const isFiltering = (filters) =>
  filters.id !== "" || filters.status.length + filters.kind.length + filters.queue.length > 0
  || Object.keys(filters.metadata).length > 0;

/** Whether a process belongs into the list; an id may be a part of one here. */
export function accepts(filters, process) {
  const allows = (allowed, value) => allowed.length === 0 || allowed.includes(value);
  return allows(filters.status, process.status) && allows(filters.kind, process.kind)
    && allows(filters.queue, process.queue) && process.process_id.includes(filters.id)
    && Object.entries(filters.metadata).every(([key, value]) => process.metadata[key] === value);
}

/** Reads the search field: words such as `key=value` are metadata, `kind:x` and its like filters, any other word is an id. */
export function readSearch(text) {
  const found = { id: "", metadata: {} };
  for (const [, word] of text.matchAll(/((?:[^\s"]|"[^"]*")+)/g)) {
    const plain = word.replaceAll('"', "");
    const field = /^(status|kind|queue):(.+)$/.exec(plain);
    const equals = plain.indexOf("=");
    if (field) found[field[1]] = field[2].split(",");
    else if (equals > 0 && shape.test(plain.slice(0, equals))) found.metadata[plain.slice(0, equals)] = plain.slice(equals + 1);
    else found.id = plain;
  }
  return found;
}

/** The text of the search field that stands for the filters. */
export const searchText = (filters) => [
  ...(filters.id === "" ? [] : [filters.id]),
  ...Object.entries(filters.metadata).map(([key, value]) => `${key}=${/\s/.test(value) || value === "" ? `"${value}"` : value}`),
].join(" ");

/** Whether a text can be an id at all. */
export const isID = (text) => shape.test(text) && text !== "." && text !== "..";

"""#),
("format.js", #"""
// Numbers and times for reading: ages and lengths in short English, like the page; points in time as the viewer's locale has them.

import { now } from "./api.js";
import { make, setText } from "./dom.js";

export const count = (number) => number.toLocaleString();
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
export const percent = (fraction) => `${Math.floor(fraction * 100)} %`;

/** A length of time, in its two largest units. */
export function length(milliseconds) {
  const ms = Math.max(0, milliseconds);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long ago, or in how long, in one unit: enough for a glance. */
export function age(time) {
  const seconds = Math.round((now() - time) / 1000);
  const size = Math.abs(seconds);
  const text = size < 60 ? `${size} s` : size < 3600 ? `${Math.floor(size / 60)} m`
    : size < 86_400 ? `${Math.floor(size / 3600)} h` : `${Math.floor(size / 86_400)} d`;
  return size < 1 ? "now" : seconds < 0 ? `in ${text}` : `${text} ago`;
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A point in time in the viewer's locale and zone. */
export const point = (time) => clock.format(time);

/** A `time` element that tells its age and goes on doing so; its title tells when it was. */
export function ageElement(time) {
  const element = make("time", { "data-age": "" });
  setAge(element, time);
  return element;
}

/** Sets the time of such an element. */
export function setAge(element, time) {
  const iso = new Date(time).toISOString();
  if (element.dateTime !== iso) {
    element.dateTime = iso;
    element.title = `${point(time)} (${iso})`;
  }
  setText(element, age(time));
}

/** Sets an element to the time from `start` to `end`; without an end it goes on counting. */
export function setLength(element, start, end) {
  if (end === null) element.dataset.since = start; else delete element.dataset.since;
  setText(element, length((end ?? now()) - start));
}

/** Lets ages and lengths grow, once a second. */
export function startTicking() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll("time[data-age]")) setText(element, age(Date.parse(element.dateTime)));
    for (const element of document.querySelectorAll("[data-since]")) setText(element, length(now() - Number(element.dataset.since)));
  }, 1000);
}

"""#),
("icon.svg", #"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <rect width="32" height="32" rx="8" fill="#1b5bd0"/>
  <rect x="6" y="8" width="20" height="4" rx="2" fill="#fff" fill-opacity=".35"/>
  <rect x="6" y="8" width="20" height="4" rx="2" fill="#fff"/>
  <rect x="6" y="14" width="20" height="4" rx="2" fill="#fff" fill-opacity=".35"/>
  <rect x="6" y="14" width="13" height="4" rx="2" fill="#fff"/>
  <rect x="6" y="20" width="20" height="4" rx="2" fill="#fff" fill-opacity=".35"/>
  <rect x="6" y="20" width="6" height="4" rx="2" fill="#fff"/>
</svg>

"""#),
("index.html", #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Processes · process-tracker</title>
<link rel="icon" href="dashboard/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="dashboard/style.css">
<!-- Not deferred: a theme that was chosen holds before anything is painted. -->
<script src="dashboard/theme.js"></script>
<script type="module" src="dashboard/app.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the processes</a>

<header class="bar">
  <h1><a href="#/"><img src="dashboard/icon.svg" width="22" height="22" alt="">process-tracker</a></h1>
  <p class="about"><span id="version"></span><span id="store"></span><span id="latency" class="roomy"></span></p>
  <p id="connection" role="status" data-state="connecting"><span class="dot" aria-hidden="true"></span><span id="connection-text">Connecting…</span></p>
  <div class="tools">
    <button type="button" id="open-cleanup">Clean up…</button>
    <button type="button" id="theme" class="quiet"><span class="roomy">Theme: </span><span id="theme-name">system</span></button>
    <button type="button" id="open-help" class="quiet" aria-label="Help and keyboard shortcuts" title="Help and keyboard shortcuts (?)">?</button>
  </div>
</header>

<noscript><p class="notice bad">This page is a program: it needs JavaScript. The service answers without it: try <code>curl</code> on <a href="stats">/stats</a> and <a href="processes">/processes</a>.</p></noscript>

<p id="health" class="notice bad" role="alert" hidden></p>

<main id="main" tabindex="-1">
  <div id="list-view">
    <section aria-labelledby="counts-title">
      <h2 id="counts-title" class="unseen">Counts by status</h2>
      <ul id="counts" class="counts"></ul>
    </section>

    <section class="rates" aria-labelledby="rates-title">
      <h2 id="rates-title" class="unseen">Rates over the last 15 minutes</h2>
      <div id="rates" class="charts"></div>
      <p id="rates-note" class="fine"></p>
    </section>

    <div class="columns">
      <section class="panel list" aria-labelledby="list-title">
        <div class="panel-head">
          <h2 id="list-title">Processes</h2>
          <p id="list-count" class="fine" role="status"></p>
          <button type="button" id="show-new" class="pill" hidden></button>
        </div>
        <form id="filters" class="filters" role="search" aria-label="Filter processes">
          <label class="grow"><span>Id, or metadata as key=value</span>
            <input id="filter-text" type="search" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search" aria-keyshortcuts="/"></label>
          <button type="button" id="clear-filters">Clear</button>
          <label><span>Status</span>
            <select id="filter-status">
              <option value="">any</option>
              <option value="pending,running">unfinished</option>
              <option>pending</option><option>running</option><option>completed</option><option>failed</option><option>cancelled</option>
              <option value="completed,failed,cancelled">finished</option>
            </select></label>
          <label><span>Kind</span>
            <input id="filter-kind" list="kind-names" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
          <label><span>Queue</span>
            <input id="filter-queue" list="queue-names" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
          <label><span>Order</span>
            <select id="filter-order"><option value="">newest first</option><option value="oldest">oldest first</option></select></label>
          <datalist id="kind-names"></datalist>
          <datalist id="queue-names"></datalist>
        </form>
        <p id="list-problem" class="notice bad" role="alert" hidden></p>
        <table id="processes">
          <caption class="unseen">Processes, as they change</caption>
          <thead>
            <tr><th scope="col">Status</th><th scope="col">Process</th><th scope="col">Kind, queue</th><th scope="col">Progress</th><th scope="col" class="number">Created</th><th scope="col" class="number">Took</th></tr>
          </thead>
          <tbody id="rows"></tbody>
        </table>
        <div id="empty" class="empty" hidden></div>
        <nav class="pages" aria-label="Pages of the list">
          <a id="newest-page" href="#/" hidden>⇤ First page</a>
          <a id="older-page" href="#/" hidden>Next page →</a>
        </nav>
      </section>

      <aside aria-label="Kinds and queues">
        <section class="panel" aria-labelledby="queues-title">
          <div class="panel-head"><h2 id="queues-title">Queues</h2></div>
          <table id="queues" class="figures" aria-labelledby="queues-title">
            <thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">Due for</th></tr></thead>
            <tbody></tbody>
          </table>
          <p id="more-queues" class="fine" hidden></p>
          <p id="no-queues" class="fine" hidden>Nothing waits in a queue.</p>
        </section>
        <section class="panel" aria-labelledby="kinds-title">
          <div class="panel-head"><h2 id="kinds-title">Kinds</h2></div>
          <table id="kinds" class="figures" aria-labelledby="kinds-title">
            <thead><tr><th scope="col">Kind</th><th scope="col" class="number">Processes</th></tr></thead>
            <tbody></tbody>
          </table>
          <p id="more-kinds" class="fine" hidden></p>
          <p id="no-kinds" class="fine" hidden>None yet.</p>
        </section>
        <section class="panel" aria-labelledby="cleanup-title">
          <div class="panel-head"><h2 id="cleanup-title">Last cleanup</h2></div>
          <p id="last-cleanup" class="fine"></p>
        </section>
      </aside>
    </div>
  </div>

  <article id="process-view" hidden></article>
</main>

<footer class="fine">
  <a href="openapi.json">openapi.json</a> <a href="metrics">metrics</a> <a href="health">health</a>
  <span>Press <kbd>?</kbd> for keyboard shortcuts.</span>
</footer>

<div id="announcer" class="toast" role="status"></div>

<dialog id="help" aria-labelledby="help-title">
  <h2 id="help-title">Keyboard and search</h2>
  <dl class="keys">
    <dt><kbd>/</kbd></dt><dd>search</dd>
    <dt><kbd>j</kbd> <kbd>k</kbd> or <kbd>↓</kbd> <kbd>↑</kbd></dt><dd>next, previous process of the list</dd>
    <dt><kbd>Enter</kbd></dt><dd>open the process</dd>
    <dt><kbd>Esc</kbd></dt><dd>back to the list, or close a dialog</dd>
    <dt><kbd>c</kbd> <kbd>r</kbd></dt><dd>cancel, retry the open process; both ask first</dd>
    <dt><kbd>?</kbd></dt><dd>this help</dd>
  </dl>
  <p>The search takes an id, or words such as <code>tenant=acme</code>, which a process must all have in its metadata. The service finds ids by their whole text; a part of one narrows down the page that is shown. The address of this page holds the filters: share it.</p>
  <form class="actions"><button type="submit" value="close" autofocus>Close</button></form>
</dialog>
</body>
</html>

"""#),
("json.js", #"""
// Payloads are shown byte for byte. JSON.parse would round 12345678901234567890123, turn 1.10 into 1.1 and drop a name that
// stands twice; so what is shown is cut out of the text that came, and only the blanks between its parts change.

const blank = /\s/;
const atomEnd = /[\s{}[\],:]/;

/** The parts of a well-formed JSON text with their places: strings, punctuation, numbers and words. */
function* parts(text) {
  let index = 0;
  while (index < text.length) {
    const start = index;
    const character = text[index];
    if (blank.test(character)) {
      index += 1;
      continue;
    }
    if (character === '"') {
      index += 1;
      while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
      index += 1;
    } else {
      index += 1;
      if (!atomEnd.test(character)) while (index < text.length && !atomEnd.test(text[index])) index += 1;
    }
    yield { token: text.slice(start, index), index: start };
  }
}

/** The texts of an object's members by their names. */
export function members(text) {
  const found = new Map();
  let depth = 0;
  let name = null;
  let start = null;
  for (const { token, index } of parts(text)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    if (start !== null && ((depth === 1 && token === ",") || (depth === 0 && closes))) {
      found.set(name, text.slice(start, index).trim());
      name = null;
      start = null;
    } else if (depth === 1 && name === null && token.startsWith('"')) {
      name = JSON.parse(token);
    } else if (depth === 1 && start === null && token === ":") {
      start = index + 1;
    }
    if (token === "{" || token === "[") depth += 1;
  }
  return found;
}

/**
 * The same text over several lines.
 *
 * It stops where it has grown beyond a limit: a small text that nests deeply makes a very large one.
 */
function indented(text, limit) {
  const out = [];
  let size = 0;
  let depth = 0;
  let previous = "";
  const add = (piece) => { out.push(piece); size += piece.length; };
  const line = () => add(`\n${"  ".repeat(depth)}`);
  for (const { token } of parts(text)) {
    const closes = token === "}" || token === "]";
    const isFirst = previous === "{" || previous === "[";
    if (closes) depth -= 1;
    if (closes !== isFirst) line();
    add(token === ":" ? ": " : token);
    if (token === ",") line();
    if (token === "{" || token === "[") depth += 1;
    previous = token;
    if (size > limit) break;
  }
  return out.join("");
}

/** A payload for reading: a string without its quotes and escapes, anything else over several lines. */
export const readable = (text, limit = Infinity) => (text.startsWith('"') ? JSON.parse(text) : indented(text, limit));

"""#),
("list.js", #"""
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

"""#),
("output.js", #"""
// What a process's worker says while it works, as it says it.

import { query } from "./api.js";
import { make, setText } from "./dom.js";
import { follow } from "./events.js";
import { plural } from "./format.js";

/** As many pieces stay on the page; older ones are in the service. */
const most = 500;
/** Types of the service's own that end the stream. */
const ends = new Set(["done", "error", "removed"]);

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
function piece({ type, data }) {
  if (type === "content" && data.startsWith('"')) return make("span", { class: "piece" }, JSON.parse(data));
  return make("span", { class: "piece own" }, make("b", {}, `${type} `), words(type, data));
}

/** What is said of a piece that isn't text; the first two types are the service's own. */
function words(type, data) {
  if (type === "restart") return "a new attempt begins";
  if (type === "gap") {
    const { first, last } = JSON.parse(data);
    return `pieces ${first} to ${last} are gone`;
  }
  return data.startsWith('"') ? JSON.parse(data) : data;
}

"""#),
("overview.js", #"""
// What an operator looks at first: counts, what is stuck, how the store does, queues and kinds.

import { byID, make, setAttribute, setText } from "./dom.js";
import { ageElement, count, length, plural } from "./format.js";
import { listAddress, statuses } from "./filters.js";

const tiles = new Map();
/** A service may have thousands of kinds or queues; the busiest are shown. */
const longestTable = 12;
const mostSuggested = 200;

/** Makes the five counts; each is a link to the list of its processes. */
export function makeCounts() {
  byID("counts").replaceChildren(...statuses.map((status) => {
    const number = make("span", { class: "value" }, "–");
    const note = make("span", { class: "note" });
    const link = make("a", { href: "#/", "data-status": status }, make("span", { class: "status", "data-status": status }, status), number, note);
    tiles.set(status, { link, number, note });
    return make("li", {}, link);
  }));
}

/** Marks the counts whose processes the list shows; following one again shows all. */
export function markCounts(filters) {
  for (const [status, { link }] of tiles) {
    const isCurrent = filters.status.length === 1 && filters.status[0] === status;
    setAttribute(link, "aria-current", isCurrent ? "true" : null);
    setAttribute(link, "href", listAddress(filters, { status: isCurrent ? [] : [status] }));
  }
}

let lastStatistics = null;

/** Shows figures; what they lead to keeps the other filters of the list. Without new figures, those that are known. */
export function showStatistics(filters, statistics = lastStatistics) {
  if (statistics === null) return;
  lastStatistics = statistics;
  for (const [status, { number, note }] of tiles) {
    setText(number, count(statistics.by_status[status]));
    setText(note, remark(status, statistics));
  }
  const due = ({ oldest_due_age_s: age }) => (age === null ? "not due" : length(age * 1000));
  table("queues", Object.entries(statistics.queues).map(([queue, { pending, ...ages }]) =>
    ({ name: queue, number: pending, note: due(ages), address: listAddress(filters, { queue: [queue] }) })));
  table("kinds", Object.entries(statistics.by_kind).map(([kind, number]) =>
    ({ name: kind, number, note: null, address: listAddress(filters, { kind: [kind] }) })));
  const cleanup = statistics.last_cleanup;
  byID("last-cleanup").replaceChildren(...(cleanup === null ? ["None since the service started."]
    : [`${plural(cleanup.removed, "process", "processes")} removed `, ageElement(Date.parse(cleanup.finished_at)), `, in ${length(cleanup.elapsed_ms)}.`]));
}

function remark(status, statistics) {
  const oldest = { pending: statistics.oldest_pending_age_s, running: statistics.oldest_running_age_s }[status] ?? null;
  if (oldest !== null) return `oldest ${length(oldest * 1000)}`;
  const share = statistics.total === 0 ? 0 : statistics.by_status[status] / statistics.total;
  return share === 0 ? "" : share < 0.01 ? "< 1 % of all" : `${Math.round(share * 100)} % of all`;
}

/** Shows names with their figures, the largest first. Rows stay where they are, so that nobody loses his place in them. */
function table(id, entries) {
  entries.sort((one, other) => other.number - one.number || (one.name < other.name ? -1 : 1));
  const shown = entries.slice(0, longestTable);
  byID(id).hidden = entries.length === 0;
  byID(`no-${id}`).hidden = entries.length > 0;
  const body = byID(id).tBodies[0];
  while (body.rows.length > shown.length) body.lastElementChild.remove();
  shown.forEach(({ name, number, note, address }, index) => {
    const row = body.rows[index] ?? body.appendChild(make("tr", {}, make("th", { scope: "row" }, make("a", {})),
      make("td", { class: "number" }), note === null ? null : make("td", { class: "number note" })));
    const link = row.querySelector("a");
    setText(link, name);
    setAttribute(link, "href", address);
    setText(row.cells[1], count(number));
    if (note !== null) setText(row.cells[2], note);
  });
  const rest = entries.slice(longestTable);
  byID(`more-${id}`).hidden = rest.length === 0;
  setText(byID(`more-${id}`), `${count(rest.length)} more, with ${count(rest.reduce((sum, { number }) => sum + number, 0))}.`);
  suggest({ queues: "queue-names", kinds: "kind-names" }[id], entries.slice(0, mostSuggested).map(({ name }) => name));
}

/** Fills what a field suggests. */
function suggest(id, names) {
  const list = byID(id);
  if (names.join() === [...list.children].map((option) => option.value).join()) return;
  list.replaceChildren(...names.map((name) => make("option", { value: name })));
}

export function showHealth(health) {
  setText(byID("version"), health.version);
  const store = { memory: "memory", sqlite: "SQLite", redis: "Redis" }[health.repository.type] ?? health.repository.type;
  setText(byID("store"), store);
  setText(byID("latency"), `${health.repository.latency_ms.toLocaleString(undefined, { maximumFractionDigits: 1 })} ms`);
  byID("latency").title = "How long the store took to answer";
  byID("store").title = `The store is ${health.repository.status}`;
  byID("version").title = `Up for ${length(health.uptime_s * 1000)}`;
  setAttribute(byID("store"), "data-health", health.status);
  const isBad = health.status !== "ok";
  byID("health").hidden = !isBad;
  if (isBad) setText(byID("health"), `The service is ${health.status}: ${health.reason ?? "no reason given"}`);
}

"""#),
("payload.js", #"""
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

"""#),
("process.js", #"""
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

"""#),
("rates.js", #"""
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

"""#),
("row.js", #"""
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

"""#),
("style.css", #"""
/* Both themes in one place: each colour is a pair, of which the system or the reader's choice takes one. Texts reach a contrast of
   4.5 to 1 on what they stand on, and borders of controls 3 to 1; a test computes it. */
:root {
  color-scheme: light dark;
  --page: light-dark(#f3f5f8, #0e1319);
  --panel: light-dark(#ffffff, #161d26);
  --raised: light-dark(#eef2f6, #1f2833);
  --line: light-dark(#dce2e9, #29333f);
  --control-line: light-dark(#7c8897, #6f7d8d);
  --text: light-dark(#18222d, #e7ecf2);
  --soft: light-dark(#52606f, #9dabba);
  --accent: light-dark(#1b5bd0, #7db0ff);
  --on-accent: light-dark(#ffffff, #0b1726);
  --danger: light-dark(#b3261e, #ff938a);
  --pending: light-dark(#855300, #e8b85c);
  --running: light-dark(#1b5bd0, #7db0ff);
  --completed: light-dark(#17703c, #69cd90);
  --failed: light-dark(#b3261e, #ff938a);
  --cancelled: light-dark(#586574, #a7b3c0);
  --shadow: light-dark(0 1px 2px rgb(20 30 45 / 6%), 0 0 0 rgb(0 0 0 / 0%));
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --radius: 10px;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }

* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 0 clamp(12px, 2.5vw, 32px) 32px; max-width: 1720px;
  background: var(--page); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
h1, h2, h3, p, ul, ol, dl, dd, figure, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 16px; font-weight: 650; }
h2 { font-size: 15px; font-weight: 650; }
h3 { font-size: 14px; font-weight: 650; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, kbd, pre, .id, .output { font-family: var(--mono); font-size: 12.5px; }
kbd { padding: 1px 6px; border: 1px solid var(--control-line); border-radius: 5px; background: var(--raised); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus, h2:focus { outline: none; }
.fine { color: var(--soft); font-size: 13px; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 12px; top: -60px; padding: 8px 14px; background: var(--panel); z-index: 3; }
.skip:focus { top: 8px; }

/* Controls */
button, input, select {
  min-height: 32px; padding: 4px 11px; border: 1px solid var(--control-line); border-radius: 7px;
  background: var(--panel); color: inherit; font: inherit;
}
button { cursor: pointer; font-weight: 550; white-space: nowrap; }
button:hover { background: var(--raised); }
button:disabled { cursor: default; opacity: .6; }
button.quiet { border-color: transparent; background: none; color: var(--soft); }
button.quiet:hover { background: var(--raised); color: var(--text); }
button.quiet[aria-pressed="true"] { border-color: var(--control-line); color: var(--text); }
button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
button.danger { border-color: var(--danger); color: var(--danger); }
dialog button.danger { background: var(--danger); color: var(--on-accent); }
button.primary:hover, dialog button.danger:hover { filter: brightness(1.08); }
input::placeholder { color: var(--soft); }
input[type="checkbox"] { min-height: 0; width: 16px; height: 16px; margin: 0; padding: 0; accent-color: var(--accent); vertical-align: -3px; }
.pill { min-height: 26px; padding: 1px 12px; border-radius: 99px; border-color: var(--accent); color: var(--accent); }

/* The bar at the top */
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; padding: 14px 0; }
.bar h1 a { display: flex; align-items: center; gap: 9px; color: inherit; text-decoration: none; }
.bar h1 img { display: block; }
.about { display: flex; gap: 12px; color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
#store:not(:empty)::before { content: "● "; color: var(--completed); }
#store[data-health="degraded"]::before { color: var(--pending); }
#store[data-health="down"]::before { color: var(--failed); }
#connection { display: flex; align-items: center; gap: 7px; color: var(--soft); font-size: 13px; }
#connection .dot { flex: none; width: 9px; height: 9px; border-radius: 50%; background: var(--cancelled); }
#connection[data-state="live"] .dot { background: var(--completed); animation: breathe 2.4s ease-in-out infinite; }
#connection[data-state="lost"] {
  padding: 3px 12px; border-radius: 99px; background: var(--danger); color: var(--on-accent); font-weight: 600;
}
#connection[data-state="lost"] .dot { background: var(--on-accent); }
.tools { display: flex; gap: 6px; margin-left: auto; }
@keyframes breathe { 50% { opacity: .45; } }

.notice { margin: 0 0 12px; padding: 9px 14px; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 7px; background: var(--panel); }
.notice.bad { border-left-color: var(--danger); }
/* What can't be vouched for any more is paler, and yet as readable as anything. */
[data-connection="lost"] :is(.counts .value, .charts svg, #rows progress) { filter: grayscale(1); }

/* Counts */
.counts { display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px; }
.counts a {
  display: grid; grid-template-columns: 1fr auto; gap: 0 10px; align-items: baseline; height: 100%;
  padding: 11px 16px 12px; border: 1px solid var(--line); border-radius: var(--radius);
  background: var(--panel); color: inherit; box-shadow: var(--shadow); text-decoration: none;
}
.counts a:hover { border-color: var(--control-line); }
.counts a[aria-current] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.counts .status { grid-column: 1 / -1; justify-self: start; }
.counts .value { font-size: 27px; font-weight: 650; line-height: 1.25; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.counts .note { color: var(--soft); font-size: 12.5px; text-align: right; font-variant-numeric: tabular-nums; }

/* A status: a word, a colour, and a shape of its own for those who see no colours */
.status { display: inline-flex; align-items: center; gap: 7px; color: var(--c, inherit); font-weight: 600; white-space: nowrap; }
.status::before { content: ""; flex: none; width: 9px; height: 9px; border-radius: 50%; background: var(--c); }
[data-status="pending"] { --c: var(--pending); }
[data-status="running"] { --c: var(--running); }
[data-status="completed"] { --c: var(--completed); }
[data-status="failed"] { --c: var(--failed); }
[data-status="cancelled"] { --c: var(--cancelled); }
.status[data-status="pending"]::before { background: none; box-shadow: inset 0 0 0 2px var(--c); }
.status[data-status="running"]::before { border-radius: 0; clip-path: polygon(10% 0, 100% 50%, 10% 100%); }
.status[data-status="failed"]::before { border-radius: 1px; transform: rotate(45deg); }
.status[data-status="cancelled"]::before { border-radius: 1px; height: 3px; }

/* Rates */
.rates { margin-top: 12px; }
.charts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; min-height: 126px; }
.chart { padding: 11px 16px 9px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); box-shadow: var(--shadow); }
.chart figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; font-variant-numeric: tabular-nums; }
.chart .name { font-weight: 650; }
.chart .rate { color: var(--soft); }
.chart .rate b { color: var(--text); font-size: 16px; }
.chart .failed-rate { color: var(--failed); font-weight: 600; }
.chart .peak { margin-left: auto; color: var(--soft); font-size: 12.5px; }
.chart svg { display: block; width: 100%; height: 64px; margin-top: 6px; }
.chart rect { fill: var(--running); }
.chart rect.completed { fill: var(--completed); }
.chart rect.cancelled { fill: var(--cancelled); }
.chart rect.failed { fill: var(--failed); }
.chart .axis { stroke: var(--control-line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.chart .scale { display: flex; justify-content: space-between; color: var(--soft); font-size: 12px; }
#rates-note { margin: 5px 2px 0; font-size: 12.5px; }
#rates-note:empty { display: none; }

/* Panels */
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 260px; gap: 12px; align-items: start; margin-top: 12px; }
.panel { border: 1px solid var(--line); border-radius: var(--radius); background: var(--panel); box-shadow: var(--shadow); overflow: clip; }
.panel-head { display: flex; align-items: center; gap: 12px; min-height: 46px; padding: 8px 16px; }
.panel-head :is(h2, h3) { margin-right: auto; }
.list .panel-head h2 { margin-right: 0; }
.list .panel-head .pill { margin-left: auto; }
/* However far somebody has scrolled: that something new waits is in sight. */
.list .panel-head { position: sticky; top: 0; z-index: 1; background: var(--panel); }
.panel > .fine { padding: 0 16px 14px; }
aside { display: grid; gap: 12px; }

.filters { display: flex; flex-wrap: wrap; align-items: end; gap: 10px; padding: 2px 16px 14px; }
.filters label { display: grid; gap: 2px; min-width: 0; }
.filters label > span, .field > span { color: var(--soft); font-size: 12.5px; }
.filters .grow { flex: 1 1 240px; }
.filters input, .filters select { width: 100%; }
@media (min-width: 721px) { .filters label:not(.grow) input { width: 116px; } }

/* The list */
table { width: 100%; border-collapse: collapse; }
th { padding: 5px 10px; color: var(--soft); font-size: 12.5px; font-weight: 550; text-align: left; white-space: nowrap; }
th.number { text-align: right; }
td { padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top; }
:is(th, td):first-child { padding-left: 16px; }
:is(th, td):last-child { padding-right: 16px; }
#processes { table-layout: fixed; }
#processes th:nth-child(1) { width: 130px; }
#processes th:nth-child(3) { width: 12%; }
#processes th:nth-child(4) { width: 21%; }
#processes th:nth-child(5) { width: 94px; }
#processes th:nth-child(6) { width: 104px; }
#processes thead th { background: var(--raised); }
#rows tr:hover, #rows tr:focus-within { background: var(--raised); }
#rows td { overflow: hidden; text-overflow: ellipsis; }
#rows .id { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 1px 2px; line-height: 19px; }
#rows .id:focus-visible { outline-offset: -2px; }
#rows .metadata { display: block; overflow: hidden; color: var(--soft); font-size: 12.5px; text-overflow: ellipsis; white-space: pre; padding-left: 2px; }
#rows .kind-cell a { display: block; overflow: hidden; color: inherit; text-overflow: ellipsis; white-space: nowrap; }
#rows .kind-cell .queue { color: var(--soft); font-size: 12.5px; }
.progress { display: grid; grid-template-columns: minmax(40px, 1fr) 40px; gap: 0 10px; align-items: center; min-height: 21px; }
.progress .figure { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; font-size: 13px; }
.progress .message { grid-column: 1 / -1; overflow: hidden; color: var(--soft); font-size: 12.5px; text-overflow: ellipsis; white-space: nowrap; }
.progress .message:empty { display: none; }
.age-cell, .took-cell { white-space: nowrap; color: var(--soft); }

progress { appearance: none; display: block; width: 100%; height: 8px; border: 0; border-radius: 99px; overflow: hidden; background: var(--raised); box-shadow: inset 0 0 0 1px var(--line); }
progress::-webkit-progress-bar { background: var(--raised); border-radius: 99px; box-shadow: inset 0 0 0 1px var(--line); }
progress::-webkit-progress-value { background: var(--c); border-radius: 99px; transition: inline-size .25s ease-out; }
progress::-moz-progress-bar { background: var(--c); border-radius: 99px; }
/* Stripes that stand still: a hundred that move would be painted anew sixty times a second. */
progress:indeterminate { background: repeating-linear-gradient(115deg, var(--running) 0 5px, var(--raised) 5px 14px); }
dialog progress { margin-bottom: 14px; }
progress:indeterminate::-webkit-progress-bar { background: none; }
dialog progress { margin-bottom: 14px; }

.pages { display: flex; justify-content: space-between; gap: 12px; padding: 10px 16px; border-top: 1px solid var(--line); }
.pages:not(:has(a:not([hidden]))) { display: none; }
.empty { padding: 34px 20px 44px; text-align: center; }
.empty .big { margin-bottom: 4px; font-size: 18px; font-weight: 600; }
.empty .command { margin: 14px auto; max-width: 780px; }
.command { display: flex; align-items: center; gap: 10px; padding: 8px 8px 8px 16px; border-radius: 8px; background: var(--raised); text-align: left; }
.command code { flex: 1; overflow-wrap: anywhere; }

.figures { table-layout: fixed; }
.figures thead th { background: var(--raised); }
.figures tbody th { padding-block: 6px; border-top: 1px solid var(--line); color: inherit; font-size: 13.5px; font-weight: 500; overflow: hidden; text-overflow: ellipsis; }
.figures tbody th a { color: inherit; }
.figures :is(th, td).number { width: 74px; }
.figures :is(th, td).number:last-child { width: 104px; }
.figures td { padding-block: 6px; }
.figures .note { color: var(--soft); white-space: nowrap; }
.figures + .fine:not([hidden]) { padding-top: 8px; }

/* One process */
.back { display: inline-block; padding: 2px 0 8px; }
.process-head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; margin-bottom: 12px; }
.process-name { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; min-width: 0; }
.process-name h2 { font: 600 16px/1.4 var(--mono); overflow-wrap: anywhere; }
.process-head .status { font-size: 16px; }
.kind { color: var(--soft); }
.process-head .actions { margin: 0 0 0 auto; }
.lead { padding: 14px 16px; margin-bottom: 12px; }
.lead progress { height: 14px; }
.lead .progress { grid-template-columns: minmax(40px, 1fr) 52px; }
.lead .progress .figure { font-size: 16px; font-weight: 650; }
.lead .progress .message { margin-top: 6px; color: var(--text); font-size: 14px; white-space: normal; overflow-wrap: anywhere; }
.lead .fine:empty { display: none; }
.panel.lead > .fine { padding: 4px 0 0; }
.failure { padding: 12px 16px; margin-bottom: 12px; border-left: 4px solid var(--failed); }
.failure p { overflow-wrap: anywhere; white-space: pre-wrap; }
.process-columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(320px, 400px); gap: 12px; align-items: start; }
.process-columns > div { display: grid; gap: 12px; min-width: 0; }
.payload pre, .output { margin: 0; padding: 12px 16px; max-height: 480px; overflow: auto; border-top: 1px solid var(--line); background: light-dark(#f8fafc, #11171f); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
.payload pre:focus-visible, .output:focus-visible { outline-offset: -2px; }
.payload > .fine { padding-top: 8px; }
.piece.own { display: block; color: var(--soft); }
.span { display: flex; gap: 2px; height: 8px; margin: 0 16px 6px; border-radius: 99px; overflow: hidden; }
.span .waited { background: var(--control-line); flex-basis: 0; }
.span .ran { background: var(--c, var(--running)); flex-basis: 0; }
.timeline { padding: 0 16px 14px; }
.timeline li { position: relative; display: grid; grid-template-columns: 1fr auto; gap: 0 12px; padding: 5px 0 5px 20px; }
.timeline li::before { content: ""; position: absolute; left: 2px; top: 12px; width: 9px; height: 9px; border-radius: 50%; background: var(--accent); }
.timeline li::after { content: ""; position: absolute; left: 6px; top: 22px; bottom: -11px; width: 1px; background: var(--line); }
.timeline li:last-child::after { display: none; }
.timeline .ahead::before { background: var(--panel); box-shadow: inset 0 0 0 2px var(--control-line); }
.timeline .what { font-weight: 550; }
.timeline .when { grid-row: 2; color: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.timeline .age { grid-column: 2; grid-row: 1 / span 2; text-align: right; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.timeline .gap { display: block; font-size: 12.5px; }
.facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px 16px; padding: 0 16px 16px; }
.facts dt { color: var(--soft); }
.facts dd { overflow-wrap: anywhere; text-align: right; }
.chips { display: flex; flex-wrap: wrap; justify-content: end; gap: 5px; }
.chips a { display: block; padding: 1px 9px; border-radius: 11px; text-align: start; background: var(--raised); color: inherit; font-size: 13px; }

/* Dialogs */
dialog { width: min(500px, calc(100vw - 24px)); max-height: calc(100dvh - 24px); padding: 20px 22px; border: 1px solid var(--line); border-radius: 14px; background: var(--panel); color: var(--text); box-shadow: 0 18px 60px rgb(0 0 0 / 30%); }
dialog::backdrop { background: rgb(8 12 18 / 55%); }
dialog h2 { margin-bottom: 10px; font-size: 17px; overflow-wrap: anywhere; }
dialog :is(p, fieldset, .field, .check) { margin: 0 0 12px; }
dialog fieldset { padding: 0; border: 0; }
dialog legend { padding: 0 0 4px; color: var(--soft); font-size: 12.5px; }
dialog fieldset .check { display: inline-block; margin: 0 16px 0 0; }
.field { display: grid; gap: 3px; }
.check { display: block; }
.actions { display: flex; flex-wrap: wrap; justify-content: end; gap: 8px; margin-top: 4px; }
.keys { display: grid; grid-template-columns: auto 1fr; gap: 7px 18px; margin-bottom: 14px; }

.toast { position: fixed; left: 50%; bottom: 20px; z-index: 4; max-width: calc(100vw - 24px); padding: 9px 18px; border-radius: 9px; background: var(--text); color: var(--page); opacity: 0; transform: translate(-50%, 8px); transition: opacity .15s, transform .15s; pointer-events: none; }
.toast.shown { opacity: 1; transform: translate(-50%, 0); }
footer { display: flex; flex-wrap: wrap; gap: 6px 16px; margin-top: 18px; }
footer span { margin-left: auto; }

/* Narrow */
@media (max-width: 1080px) {
  .columns, .process-columns { grid-template-columns: minmax(0, 1fr); }
  aside { grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); align-items: start; }
}
@media (max-width: 720px) {
  .bar { gap: 4px 14px; }
  .bar { padding: 10px 0; }
  .about { order: 1; }
  .tools { order: 2; }
  .roomy { display: none; }
  #connection[data-state="live"] { margin-left: auto; }
  .counts { grid-template-columns: repeat(6, 1fr); gap: 8px; }
  .counts li { grid-column: span 2; }
  .counts li:nth-child(-n+2) { grid-column: span 3; }
  .counts a { padding: 8px 10px 9px; grid-template-columns: 1fr; }
  .counts .value { font-size: 22px; }
  .counts .note { text-align: left; min-height: 1.5em; }
  .charts { gap: 8px; min-height: 0; }
  .chart { padding: 8px 12px; }
  .chart svg { height: 36px; }
  .chart .peak, .chart .scale span:nth-child(2), .chart .scale span:nth-child(3) { display: none; }
  .filters label { flex: 1 1 42%; }
  .filters .grow { flex: 1 1 65%; }
  /* Each row becomes a card: status, kind and age in its first line, the bar across. */
  #processes thead { display: none; }
  #processes, #processes tbody { display: block; }
  #processes tr { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 12px; padding: 10px 16px; border-top: 1px solid var(--line); }
  #processes td { padding: 0; border: 0; text-align: left; }
  #processes .id-cell { grid-column: 1 / -1; grid-row: 2; }
  #processes .progress-cell { grid-column: 1 / -1; grid-row: 3; }
  #processes .took-cell { display: none; }
  #processes .kind-cell { display: flex; gap: 8px; align-items: baseline; }
  #processes .age-cell { text-align: right; }
  .facts dd { text-align: left; }
  .chips { justify-content: start; }
  footer span { display: none; }
}

@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after, progress::-webkit-progress-value { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .status::before, #connection .dot, .chart rect, .span span { forced-color-adjust: none; }
  .counts a[aria-current] { outline: 2px solid Highlight; }
}

"""#),
("theme.js", #"""
"use strict";
// Runs before the first paint. Without storage, as in some private windows, the system's theme holds.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* the system's theme */ }

"""#),
("timeline.js", #"""
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

"""#),
    ]
}
