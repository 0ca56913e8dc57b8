// What is shown, as the page's URL holds it: a link shows another reader the same.

export const TYPES = ["critical", "error", "warning", "info", "debug"];
const NAMES = ["c", "q", "stream", "from", "to", "at", "t"];

/** `c` container, `q` search (`re`: an expression, `only`: nothing else is shown), `types`, `stream`, `from` and `to`, `at` a message, `t` a moment. */
export function readState(search) {
  const given = new URLSearchParams(search);
  const state = Object.fromEntries(NAMES.map(name => [name, given.get(name) || ""]));
  const types = (given.get("type") || "").split(",").filter(type => TYPES.includes(type));
  return { ...state, types, re: given.get("re") === "1", only: given.get("only") !== "0" };
}

export function searchOf(state) {
  const given = new URLSearchParams();
  for (const name of NAMES) if (state[name]) given.set(name, state[name]);
  if (state.types.length) given.set("type", state.types.join(","));
  if (state.re) given.set("re", "1");
  if (!state.only) given.set("only", "0");
  const text = given.toString();
  return text ? `?${text}` : ".";
}

/** The parameters of the API by which it chooses the same lines. */
export function chosen(state) {
  return { ...base(state), ...(state.types.length ? { log_type: state.types.join(",") } : {}), ...(state.only ? searched(state) : {}) };
}

/** The same for every type: what is counted. */
export const counting = state => ({ ...base(state), ...(state.only ? searched(state) : {}) });

export function searched(state) {
  return state.q ? { [state.re ? "regex" : "q"]: state.q } : {};
}

export function base(state) {
  return Object.fromEntries([["container_id", state.c], ["stream", state.stream], ["start_time", state.from], ["end_time", state.to]].filter(([, value]) => value));
}

export const isFiltered = state => Boolean(state.types.length || state.stream || state.from || state.to || (state.q && state.only));
