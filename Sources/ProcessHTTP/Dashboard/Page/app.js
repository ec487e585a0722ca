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
