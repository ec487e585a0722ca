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
