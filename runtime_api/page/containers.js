// The containers, with their states, processor and memory as they change.

import { isAbort } from "./api.js";
import { make } from "./dom.js";
import { harmless } from "./hostile.js";
import { searchOf } from "./state.js";

const EVERY = 2000; // ms
const PAGE = 300;
const KEPT = 26; // figures of a container
const GROUPS = [["Running", ["running", "paused", "restarting"]], ["Waiting", ["created"]], ["Ended", ["exited", "dead", "removing"]], ["Deleted", ["removed"]]];
const ALL = "created,running,paused,restarting,removing,exited,dead,removed";

export class Containers {
  /** `parts`: `{list, find, removed, note}`, elements; `on`: `{open(id), listed(containers)}`. */
  constructor(api, parts, on) {
    Object.assign(this, { api, ...parts, on, rows: new Map(), current: "", found: [], limit: PAGE, timer: 0 });
    this.find.addEventListener("input", () => this.show());
    this.removed.addEventListener("change", () => this.ask());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.ask(); });
  }

  async ask() {
    clearTimeout(this.timer);
    this.abort?.abort();
    const { signal } = (this.abort = new AbortController());
    try {
      const data = await this.api.data("containers", { limit: this.limit, ...(this.removed.checked ? { status: ALL } : {}) }, signal);
      this.found = data.containers;
      this.more = Boolean(data.cursor);
      this.say(this.found.length ? "" : "No container yet. POST /containers starts one.");
      this.show();
      this.on.listed(this.found);
    } catch (error) {
      if (isAbort(error)) return;
      this.say(error.status ? error.message : "The API does not answer.", true);
    }
    if (!document.hidden) this.timer = setTimeout(() => this.ask(), EVERY);
  }

  say(text, bad = false) {
    this.note.textContent = text;
    this.note.style.color = bad ? "var(--bad)" : "";
  }

  mark(id) {
    this.current = id;
    for (const row of this.rows.values()) row.mark(this.current);
  }

  step(count) {
    const shown = [...this.list.querySelectorAll(".container")], at = shown.findIndex(node => node.getAttribute("aria-current") === "true");
    const next = shown[at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + count))];
    if (next) this.on.open(next.dataset.id);
  }

  show() {
    const wanted = this.find.value.trim().toLowerCase();
    const fits = one => !wanted || [one.container_id, one.name, one.task_id, one.type, one.image?.name, ...labelsOf(one)].some(text => text?.toLowerCase().includes(wanted));
    const nodes = [], rows = new Map();
    for (const [title, states] of GROUPS) {
      const members = this.found.filter(one => states.includes(one.status) && fits(one));
      if (members.length) nodes.push(make("div", { class: "group" }, `${title} ${members.length}`));
      for (const one of members) {
        const row = this.rows.get(one.container_id) || new Row(one.container_id, this.on.open);
        rows.set(one.container_id, row);
        row.show(one);
        row.mark(this.current);
        nodes.push(row.node);
      }
    }
    this.rows = rows;
    if (this.more) nodes.push(make("button", { onclick: () => { this.limit = Math.min(10000, this.limit * 3); this.ask(); } }, "Show more"));
    const there = [...this.list.childNodes];
    if (nodes.length !== there.length || nodes.some((node, index) => node !== there[index] && !(node.className === "group" && node.isEqualNode(there[index])))) this.list.replaceChildren(...nodes);
  }
}

export function dotOf(one) {
  if (one.phase === "queued" || one.phase === "inputs" || one.status === "created") return "waiting";
  if (one.status === "running") return "running";
  return one.status === "removed" ? "removed" : one.exit_code ? "failed" : one.status;
}

const labelsOf = one => Object.entries(one.labels ?? {}).map(([name, value]) => `${name}=${value}`);

export const nameOf = one => harmless(one.name || one.task_id || one.container_id.slice(0, 12), 80);

class Row {
  constructor(id, open) {
    this.id = id;
    this.figures = [];
    this.dot = make("span");
    this.title = make("b");
    this.cpu = make("span", { class: "cpu" });
    this.small = make("small");
    this.line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.line.setAttribute("viewBox", `0 0 ${KEPT - 1} 15`);
    this.line.setAttribute("preserveAspectRatio", "none");
    this.line.setAttribute("aria-hidden", "true");
    this.points = this.line.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "polyline"));
    this.node = make("a", { class: "container", role: "listitem", "data-id": id, href: searchOf({ c: id.slice(0, 12), types: [], only: true }) }, this.dot, this.title, this.cpu, this.small, this.line);
    this.node.addEventListener("click", event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      open(id);
    });
  }

  mark(current) { this.node.setAttribute("aria-current", String(Boolean(current) && (this.id.startsWith(current) || this.title.textContent === current))); }

  show(one) {
    const runs = one.status === "running";
    this.dot.className = `dot ${dotOf(one)}`;
    this.dot.title = one.status;
    if (this.title.textContent !== nameOf(one)) this.title.textContent = nameOf(one);
    this.cpu.textContent = runs ? `${one.cpu.toFixed(one.cpu < 10 ? 1 : 0)}%` : one.phase === "queued" ? `#${one.queue_place ?? "?"}` : "";
    const said = [one.type, runs ? one.mem.replace(/ \/ .*/, "") : one.phase === "done" || !one.phase ? one.status : one.phase, runs ? "" : one.image?.name].filter(Boolean).join(" · ");
    if (this.small.textContent !== said) this.small.textContent = harmless(said);
    this.node.title = `${nameOf(one)}\n${one.container_id.slice(0, 12)} · ${one.status}\ncpu ${one.cpu}% · memory ${one.mem}${labelsOf(one).map(text => `\n${harmless(text, 120)}`).join("")}`;
    this.figures = runs ? [...this.figures, one.cpu].slice(-KEPT) : [];
    const most = Math.max(10, ...this.figures);
    this.points.setAttribute("points", this.figures.map((value, index) => `${KEPT - this.figures.length + index},${(14 - (value / most) * 13).toFixed(1)}`).join(" "));
    this.line.style.visibility = runs ? "visible" : "hidden";
  }
}
