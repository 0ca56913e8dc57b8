// What the API knows of a container.

import { make } from "./dom.js";
import { harmless, named } from "./hostile.js";
import { moment } from "./times.js";

const TIMES = ["created", "started", "finished", "deleted"];
const ORDER = ["container_id", "name", "task_id", "type", "status", "phase", "exit_code", "signal", "reason", "error", "oom_killed", "cpu", "mem", "cpu_limit", "mem_limit", ...TIMES];
const ELSEWHERE = ["seal", "inputs", "outputs"];

export function detailsPage(container, look) {
  const names = [...ORDER, ...Object.keys(container).filter(name => !ORDER.includes(name) && !ELSEWHERE.includes(name))];
  const facts = names.map(name => [name, shown(name, container[name], look)]).filter(([, value]) => value !== "");
  const list = pairs => make("dl", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, harmless(name.replaceAll("_", " "))), make("dd", {}, value)]));
  const transfers = ["inputs", "outputs"].filter(name => container[name]?.length).flatMap(name => [make("h3", {}, name),
    ...container[name].map(one => list(Object.entries(one).map(([key, value]) => [key, shown(key, value, look)]).filter(([, value]) => value !== "")))]);
  return [list(facts), ...transfers];
}

function shown(name, value, look) {
  if (value === null || value === undefined || value === "" || value === false) return "";
  if (TIMES.includes(name) && typeof value === "string") return moment(value, look.zone);
  if (name === "mem_limit" && typeof value === "number") return value ? `${(value / 1048576).toFixed(0)} MiB` : "";
  if (Array.isArray(value)) return value.length ? named(value.map(one => (typeof one === "string" ? one : JSON.stringify(one))).join(name === "command" ? " " : "\n").slice(0, 20000)) : "";
  if (typeof value === "object") return named(Object.entries(value).filter(([, one]) => one).map(([key, one]) => `${key}: ${typeof one === "string" ? one : JSON.stringify(one)}`).join("\n").slice(0, 5000));
  return named(String(value).slice(0, 20000));
}
