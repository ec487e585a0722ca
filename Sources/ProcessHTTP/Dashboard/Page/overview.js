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

export function showStatistics(statistics, filters) {
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
