// Messages that are alike, and what another container's log has not.

import { make } from "./dom.js";
import { harmless, named } from "./hostile.js";
import { TYPES } from "./state.js";
import { counted, moment } from "./times.js";

const LONGEST = 460; // characters of an expression; the API takes 500

/** `on`: `{show(id), only(expression), compare(id)}`; `others`: containers to compare with. */
export function patternsPage(data, look, others, on) {
  const choice = make("select", { "aria-label": "Compare with", onchange: event => event.target.value && on.compare(event.target.value) },
    make("option", { value: "" }, "Compare with another container …"),
    ...others.slice(0, 200).map(one => make("option", { value: one.container_id }, harmless(`${one.name || one.container_id.slice(0, 12)} · ${one.status}`, 100))));
  return [
    make("p", { class: "dim" }, `${counted(data.count)} ${data.count === 1 ? "pattern" : "patterns"} in ${data.all ? "" : "the newest "}${counted(data.looked_at)} messages.`),
    make("div", { class: "row-tools" }, choice),
    ...data.patterns.map(pattern => patternOf(pattern, data.looked_at, look, on)),
  ];
}

export function diffPage(data, name, look, on) {
  const part = (title, found) => [make("h3", {}, `${title}: ${counted(found.length)}`), ...found.map(pattern => patternOf(pattern, pattern.count, look, on))];
  return [
    make("p", { class: "dim" }, `Against ${name}: ${counted(data.looked_at)} and ${counted(data.looked_at_against)} messages looked at.`),
    ...part("New here", data.new),
    ...part("Only there", data.gone.map(pattern => ({ ...pattern, elsewhere: true }))),
  ];
}

function patternOf(pattern, all, look, on) {
  const shown = make("code");
  named(pattern.pattern.slice(0, 2000)).split("<*>").forEach((piece, index) => shown.append(...(index ? [make("span", { class: "any" }, "‹›")] : []), piece));
  const bar = make("div", { class: "bar" });
  bar.style.width = `${Math.max(1, (pattern.count / Math.max(1, all)) * 100)}%`;
  for (const type of TYPES) {
    if (!pattern.types[type]) continue;
    const part = make("i", { class: type });
    part.style.flex = String(pattern.types[type]);
    bar.append(part);
  }
  const expression = expressionOf(pattern.pattern);
  return make("div", { class: "pattern" },
    make("div", { class: "head" }, make("b", {}, counted(pattern.count)), make("span", {}, `${moment(pattern.first, look.zone).slice(0, 19)} – ${moment(pattern.last, look.zone).slice(11, 19)}`),
      pattern.elsewhere || !pattern.sample ? null : make("button", { title: "The last of them, in the log", onclick: () => on.show(pattern.sample.id) }, "Show"),
      pattern.elsewhere || !expression ? null : make("button", { title: "Only these", onclick: () => on.only(expression) }, "Only")),
    shown, bar);
}

/** RE2's syntax; "" where it would be too long or say nothing. */
export function expressionOf(pattern) {
  let text = "";
  for (const piece of pattern.split("<*>")) {
    const escaped = piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll(/\s+/g, "\\s+");
    if (text.length + escaped.length > LONGEST) break;
    text += (text ? ".*" : "") + escaped;
  }
  text = text.replace(/(\.\*)+$/, "");
  return /[\p{L}\p{N}]/u.test(text) ? text : "";
}
