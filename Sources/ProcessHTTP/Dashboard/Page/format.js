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
