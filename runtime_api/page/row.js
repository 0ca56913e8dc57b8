// One message as a row: time, type, text; folded where it has more lines or is long.

import { make } from "./dom.js";
import { harmless } from "./hostile.js";
import { paint } from "./message.js";
import { clock, counted, moment } from "./times.js";

const FOLDED = 2000; // characters
const UNFOLDED = 200000;

/** `look`: `{ansi, mark, zone, href(line)}` */
export function rowOf(line, look) {
  const time = make("a", { class: "time", href: look.href(line), title: `${line.log_time}: link to this line`, draggable: "false" }, clock(line.log_time, look.zone));
  const row = make("div", { class: `row ${line.log_type} ${line.stream}`, "data-id": line.id },
    time, make("span", { class: "type", title: `${line.stream}; type by ${harmless(line.log_type_by || "")}` }, line.log_type), make("div", { class: "message" }));
  fill(row, line, look, false);
  return row;
}

export function fill(row, line, look, open) {
  const message = row.querySelector(".message"), text = line.log_message;
  message.replaceChildren();
  row.classList.toggle("unfolded", open);
  row.querySelector(".more")?.remove();
  if (open) {
    paint(message, text, look, UNFOLDED);
    row.append(more(line, look, text.length > UNFOLDED));
    return;
  }
  const lines = text.split("\n", 3), [first] = lines;
  paint(message, first === "" && lines.length > 1 ? lines[1] : first, look, FOLDED);
  if (lines.length > 1) {
    const last = text.slice(text.trimEnd().lastIndexOf("\n") + 1).trim();
    message.append(make("button", { class: "fold", title: "Unfold (Enter)" }, `+${counted(Math.max(1, line.lines - 1))} lines`));
    if (first.trim().endsWith(":") && last) paint(message.appendChild(make("span", { class: "last" })), last, look, 300);
  } else if (first.length > FOLDED) {
    message.append(make("button", { class: "fold", title: "Unfold (Enter)" }, `${counted(first.length)} characters`));
  }
}

function more(line, look, isCut) {
  const facts = [["time", moment(line.log_time, look.zone) + line.log_time.slice(23, 29)], ["type", `${line.log_type} (${line.log_type_by})`], ["stream", line.stream]];
  if (line.raw) facts.push(["bytes", "not UTF-8; the bytes are kept in `raw`"]);
  for (const [name, value] of Object.entries(line.fields || {}).slice(0, 100)) {
    facts.push([name, typeof value === "string" ? value : JSON.stringify(value)]);
  }
  const list = make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, harmless(name)), definition(value, look)]));
  const button = (action, text, title) => make("button", { "data-do": action, title }, text);
  return make("div", { class: "more" },
    isCut ? make("p", { class: "dim" }, `The first ${counted(UNFOLDED)} of ${counted(line.log_message.length)} characters; copying takes them all.`) : null,
    make("div", { class: "row-tools" }, button("copy", "Copy", "c"), button("link", "Copy link", "l"), button("context", "Show around it", "x"), button("fold", "Fold", "Enter")), list);
}

function definition(value, look) {
  const made = make("dd");
  paint(made, value, { ...look, mark: () => [] }, 2000);
  return made;
}
