// The keyboard: one table, from which the help is made, too.

import { make } from "./dom.js";

/** `[key as the event names it, how it is shown, what it does, action]` */
export function listen(table, isBusy) {
  const actions = new Map(table.map(([key, , , action]) => [key, action]));
  document.addEventListener("keydown", event => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isBusy()) return;
    if (target.closest("input, textarea, select") && event.key !== "Escape") return;
    if (event.key === "Enter" && target.closest("button, a")) return;
    const action = actions.get(event.key);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

export function help(list, table) {
  list.replaceChildren(...table.filter(([, shown]) => shown).map(([, shown, what]) =>
    make("div", {}, make("dt", {}, ...shown.split(" ").flatMap((key, index) => [index ? " " : "", make("kbd", {}, key)])), make("dd", {}, what))));
}
