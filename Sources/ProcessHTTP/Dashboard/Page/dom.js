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
