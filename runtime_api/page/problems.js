// Errors that are alike, of all containers, and what people say of them.

import { make } from "./dom.js";
import { harmless, named } from "./hostile.js";
import { counted, moment } from "./times.js";

const OPEN = ["open", "regressed"];
const SAID = { resolved: "Resolve", ignored: "Ignore", open: "Reopen" };

/** `on`: `{show(container, id), say(problem, state), all(whether)}`; `all`: those that are resolved or ignored, too. */
export function problemsPage(data, all, look, on) {
  const found = data.problems.filter(one => all || OPEN.includes(one.state));
  const rest = data.count - data.problems.length;
  return [
    make("p", { class: "dim" }, `${counted(found.length)} ${found.length === 1 ? "problem" : "problems"}${all ? "" : " open"}${rest ? `, of the ${counted(data.problems.length)} seen last` : ""}: errors that are alike, in all containers.`),
    make("div", { class: "row-tools" }, make("label", { class: "check" }, make("input", { type: "checkbox", id: "all-problems", checked: all, onchange: event => on.all(event.target.checked) }), " resolved and ignored, too")),
    ...found.map(one => problemOf(one, look, on)),
  ];
}

function problemOf(one, look, on) {
  const shown = make("code");
  named(one.title.slice(0, 2000)).split("<*>").forEach((piece, index) => shown.append(...(index ? [make("span", { class: "any" }, "‹›")] : []), piece));
  const where = one.containers.map(seen => harmless(seen.name || seen.container_id.slice(0, 12), 60));
  const others = where.length > 3 ? ` and ${where.length - 3} more` : "";
  const states = Object.keys(SAID).filter(state => state !== one.state && (state !== "open" || !OPEN.includes(one.state)));
  return make("div", { class: `pattern problem ${one.state}`, "data-id": one.id },
    make("div", { class: "head" }, make("b", {}, counted(one.count)), make("span", {}, `${one.state === "open" ? "" : `${one.state} · `}${moment(one.last_seen, look.zone).slice(0, 19)}`),
      make("button", { title: "The last of them, in its log", onclick: () => on.show(one.last_message.container_id, one.last_message.id) }, "Show"),
      ...states.map(state => make("button", { title: state === "resolved" ? "If it is seen again it has regressed" : state === "ignored" ? "No alert comes of it" : "It is open again", onclick: () => on.say(one, state) }, SAID[state]))),
    shown, make("p", { class: "dim" }, `${where.slice(0, 3).join(", ")}${others}${one.note ? ` · ${harmless(one.note, 200)}` : ""}`));
}
