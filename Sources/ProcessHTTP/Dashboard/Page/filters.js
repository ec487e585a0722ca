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
  const next = { ...filters, cursor: "", ...changes };
  const parameters = {
    id: next.id, status: next.status.join(","), kind: next.kind.join(","), queue: next.queue.join(","),
    ...Object.fromEntries(Object.entries(next.metadata).map(([key, value]) => [`metadata.${key}`, value])),
    order: next.order, cursor: next.cursor,
  };
  return `#/${query(parameters)}`;
}

/** The filters as the service takes them for a list. */
export const listParameters = (filters) => ({ ...eventParameters(filters), order: filters.order, cursor: filters.cursor });

/** The filters as the service takes them for events. */
export const eventParameters = ({ status, kind, queue, metadata }) => ({
  status, kind, queue, ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value])),
});

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
