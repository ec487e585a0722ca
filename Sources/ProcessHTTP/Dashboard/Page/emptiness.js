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
