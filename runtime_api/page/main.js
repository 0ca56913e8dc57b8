// The page put together: what is shown follows from the URL, and what is done changes it.

import { Api, isAbort } from "./api.js";
import { Containers, dotOf, nameOf } from "./containers.js";
import { detailsPage } from "./details.js";
import { byId, make, oncePerFrame, pressed } from "./dom.js";
import { Drawer } from "./drawer.js";
import { Filters } from "./filters.js";
import { harmless } from "./hostile.js";
import { Histogram } from "./histogram.js";
import { help, listen } from "./keys.js";
import { LogScreen } from "./logscreen.js";
import { LogWindow } from "./logwindow.js";
import { diffPage, patternsPage } from "./patterns.js";
import { Prefs } from "./prefs.js";
import { problemsPage } from "./problems.js";
import { Ruler } from "./ruler.js";
import { endWords, sealPage, SealWatch, sealWords } from "./seal.js";
import { SignIn } from "./signin.js";
import { chosen, isFiltered, readState, searchOf, TYPES } from "./state.js";
import { copyChosen, download } from "./taking.js";
import { counted, iso, moment } from "./times.js";

const prefs = new Prefs(localStorage);
prefs.apply();
const signIn = new SignIn(byId("sign-in"), byId("token"), byId("sign-in-why"), sessionStorage);
signIn.changed = () => { byId("sign-out").hidden = !signIn.token; };
signIn.changed();
const api = new Api(new URL(".", document.baseURI), signIn);
let state = readState(location.search);
let seal = null, liveState = "off", container = null, listed = [];

const look = {
  mark: () => [],
  get ansi() { return prefs.ansi; },
  get zone() { return prefs.zone; },
  href: line => searchOf({ ...state, at: line.id, t: "" }),
};

// What is said

const say = (text, bad = false) => {
  byId("said").textContent = harmless(text, 400);
  byId("said").className = bad ? "bad" : "";
};

function showSeal(next) {
  seal = next;
  const mark = byId("seal");
  mark.hidden = false;
  mark.className = seal.state;
  mark.textContent = sealWords(seal, prefs.zone) + (state.from || state.to ? " in this range" : "");
  mark.title = "Whether every line is here";
  view.marginalia.gaps = histogram.gaps = seal.gaps;
  if (drawer.is("seal")) drawer.fill("seal", ...sealPage(seal, prefs.zone, go));
  histogram.draw();
  showEnd();
}

function showEnd() {
  const isLive = ["on", "away"].includes(liveState);
  const text = state.to ? "End of this range" : endWords(seal, isLive && seal?.state === "open");
  view.marginalia.end = { text, state: state.to ? "" : seal?.state || "" };
  view.marginalia.put(view.entries, view.older.more, view.newer.more);
  view.stick();
}

function showLive(next, unseen) {
  liveState = next;
  const button = byId("live"), isPaused = next === "on" && !view.isPinned;
  button.className = isPaused ? "paused" : next;
  pressed(button, ["on", "away"].includes(next));
  button.lastChild.textContent = isPaused ? "Paused" : next === "ended" ? "Ended" : next === "away" ? "…" : "Live";
  const back = byId("to-live");
  back.hidden = !(isPaused && unseen);
  back.textContent = `${counted(unseen)} new ↓`;
  showEnd();
}

const moved = oncePerFrame(() => {
  const seen = view.seen();
  histogram.view(seen);
  ruler.view(seen && { ...seen, begin: !view.older.more && seen.first === view.entries[0].line, end: !view.newer.more && seen.last === view.entries.at(-1).line });
  byId("place").textContent = seen ? `${moment(seen.first.log_time, prefs.zone)} – ${moment(seen.last.log_time, prefs.zone).slice(11)}` : "";
});

function showCounts(counts) {
  byId("count").textContent = `${counted(counts.total)} ${counts.total === 1 ? "message" : "messages"}${isFiltered(state) ? " that fit" : ""}`;
  histogram.show(counts, state.types);
  ruler.show(counts, state.types);
  filters.counts(state.types.length || counts ? counts : null);
  filters.bad(false);
}

// What there is

const tip = byId("tip");
const drawer = new Drawer(byId("drawer"), byId("drawer-title"), byId("drawer-body"));
const histogram = new Histogram(byId("histogram"), byId("selection"), byId("histogram-note"), tip, look, {
  range: (from, to) => change({ from: iso(from), to: iso(to), at: "", t: "" }),
  moment: time => go(iso(time)),
});
const ruler = new Ruler(byId("ruler"), byId("thumb"), tip, look, { to: fraction => screen.toFraction(fraction) });
const view = new LogWindow(byId("scroller"), byId("rows"), look, {
  moved,
  pinned: () => { if (screen.follow) { if (view.isPinned && screen.unseen) screen.end(); else screen.told(screen.liveState); } },
  chosen: line => { state = { ...state, at: line.id, t: "" }; remember(); },
  failed: error => { if (!isAbort(error)) say(error.message, true); },
});
const screen = new LogScreen(api, view, look, {
  live: showLive, counts: showCounts, seal: showSeal, say,
  noCounts: why => { byId("count").textContent = ""; histogram.show(null, [], why); ruler.show(null, []); filters.counts(null); filters.bad(Boolean(state.q)); },
  evenly: counts => { if (counts) ruler.show(counts, []); },
  gone: error => { if (error.status === 400 && state.q) filters.bad(true); },
});
const seals = new SealWatch(api, showSeal);
const filters = new Filters({ q: byId("q"), search: byId("search"), regex: byId("regex"), only: byId("only"), types: byId("types"), stream: byId("stream"), range: byId("range") }, look,
  next => change({ ...next, at: "", t: "from" in next || liveState !== "off" ? "" : view.current()?.log_time || "" }));
filters.onLeave = () => byId("scroller").focus();
const containers = new Containers(api, { list: byId("containers"), find: byId("find-container"), removed: byId("with-removed"), note: byId("side-note") }, {
  open: id => open(id),
  listed: found => {
    listed = found;
    const one = found.find(other => state.c && (other.container_id.startsWith(state.c) || other.name === state.c));
    if (one && container && one.status !== container.status) showContainer();
    else if (one) about({ ...container, ...one });
  },
});

// What is done

function remember(push = false) { history[push ? "pushState" : "replaceState"](null, "", searchOf(state)); }

function change(next, push = false) {
  state = { ...state, ...next };
  remember(push);
  show();
}

function open(id) {
  document.body.classList.remove("side-open");
  drawer.close();
  change({ ...readState(""), c: id.slice(0, 12) }, true);
  byId("scroller").focus({ preventScroll: true });
}

const go = time => { state = { ...state, at: "", t: time }; remember(); screen.since(time); };

function show() {
  document.body.classList.toggle("has-log", Boolean(state.c));
  containers.mark(state.c);
  filters.show(state);
  say("");
  if (!state.c) { screen.stop(); document.title = "Wholelog"; byId("name").textContent = byId("about").textContent = ""; byId("seal").hidden = true; return; }
  if (state.c !== show.last) { container = null; seal = null; byId("seal").hidden = true; byId("name").textContent = harmless(state.c, 80); byId("about").textContent = ""; view.marginalia.gaps = histogram.gaps = []; histogram.show(null, []); ruler.show(null, []); filters.counts(null); }
  show.last = state.c;
  screen.show(state);
  showContainer();
  seals.watch(screen.range(), screen.abort.signal);
}

async function showContainer() {
  const asked = state.c;
  try {
    const data = await api.data(`containers/${encodeURIComponent(asked)}`, {}, screen.abort.signal);
    if (asked === state.c) about((container = data.container));
  } catch (error) {
    if (!isAbort(error) && error.status !== 404) say(error.message, true);
  }
}

function about(one) {
  byId("name").textContent = nameOf(one);
  document.title = `${nameOf(one)} · Wholelog`;
  byId("dot").className = `dot ${dotOf(one)}`;
  const ended = one.status === "exited" && one.exit_code !== null && one.exit_code !== undefined ? `exited ${one.exit_code}` : one.status;
  byId("about").textContent = harmless([one.type, ended, one.oom_killed ? "out of memory" : "", one.status === "running" ? `${one.cpu.toFixed(1)}% · ${one.mem}` : "", one.image?.name].filter(Boolean).join(" · "));
}

async function pane(name, title, load) {
  if (drawer.is(name)) return drawer.close();
  drawer.open(name, title, make("p", { class: "dim" }, "Looking …"));
  try {
    drawer.fill(name, ...(await load()));
  } catch (error) {
    if (!isAbort(error)) drawer.fill(name, make("p", {}, harmless(error.message, 1000)));
  }
}

const onPattern = {
  show: id => { state = { ...state, at: id, t: "" }; remember(); screen.at(id); },
  only: expression => change({ q: expression, re: true, only: true, at: "", t: "" }),
  compare: other => {
    drawer.close();
    pane("diff", "Patterns compared", async () => diffPage(await api.data("logs/diff", { ...chosen(state), against: other }, screen.abort.signal), harmless(listed.find(one => one.container_id === other)?.name || other.slice(0, 12)), look, onPattern));
  },
};
const patterns = () => state.c && pane("patterns", "Patterns", async () =>
  patternsPage(await api.data("logs/patterns", { ...chosen(state), size: 200 }, screen.abort.signal), look, listed.filter(one => !one.container_id.startsWith(state.c)), onPattern));
let allProblems = false;
const loadProblems = async () => problemsPage(await api.data("problems", { size: 200 }), allProblems, look, onProblem);
const problems = () => pane("problems", "Problems", loadProblems);
const refill = async () => { try { drawer.fill("problems", ...(await loadProblems())); } catch (error) { say(error.message, true); } };
const onProblem = {
  show: (container, id) => change({ ...readState(""), c: container.slice(0, 12), at: id }, true),
  all: whether => { allProblems = whether; refill(); },
  say: async (problem, said) => {
    try {
      await api.change("PATCH", `problems/${problem.id}`, { state: said });
      await refill();
    } catch (error) {
      drawer.fill("problems", make("p", {}, harmless(error.message, 1000)));
    }
  },
};
const details = () => state.c && pane("details", "Container", async () => detailsPage((await api.data(`containers/${encodeURIComponent(state.c)}`, {}, screen.abort.signal)).container, look));
const showSealPage = () => seal && pane("seal", "Is all of it here?", async () => sealPage(seal, prefs.zone, go));

async function toClipboard(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    say(said);
  } catch {
    say("The browser does not let this page use the clipboard (it does on https and on this machine).", true);
  }
}

const onLine = {
  copy: line => toClipboard(line.log_message, "Copied the message"),
  link: line => toClipboard(new URL(searchOf({ ...state, at: line.id, t: "" }), document.baseURI).href, "Copied the link"),
  context: line => change({ ...readState(""), c: state.c, at: line.id }, true),
  fold: line => view.toggle(line.id),
};
const withLine = action => () => { const line = view.current(); if (line) { view.choose(line.id); onLine[action](line); } };

async function take(form) {
  byId("take").value = "";
  if (!form) return;
  try {
    if (form !== "copy") await download(api, chosen(state), form, byId("name").textContent, signIn.token, make);
    else say(await copyChosen(api, chosen(state), navigator.clipboard, screen.abort.signal));
  } catch (error) {
    if (!isAbort(error)) say(error.message, true);
  }
}

function prefer(name, value) {
  prefs.set(name, value);
  prefs.apply();
  byId("ansi").value = prefs.ansi;
  byId("zone").textContent = prefs.zone === "UTC" ? "UTC" : "local time";
  pressed(byId("wrap"), prefs.wrap);
  byId("theme").title = `Colours: ${prefs.theme} (t)`;
  view.keeping(() => byId("view").classList.toggle("wrapped", prefs.wrap));
  document.body.classList.toggle("no-side", !prefs.side);
  if (name === "ansi" || name === "zone") { view.repaint(); filters.show(state); if (seal) showSeal(seal); }
  histogram.draw();
  ruler.draw();
  moved();
}

const after = (value, values) => values[(values.indexOf(value) + 1) % values.length];
const side = () => (innerWidth <= 760 ? document.body.classList.toggle("side-open") : prefer("side", !prefs.side));
const scrollPage = part => byId("scroller").scrollBy({ top: byId("scroller").clientHeight * part });
const theme = () => prefer("theme", after(prefs.theme, ["auto", "dark", "light"]));
const end = () => { state = { ...state, at: "", t: "" }; remember(); screen.end(); };
const first = () => { state = { ...state, at: "", t: "" }; remember(); screen.first(); };

function leave() {
  if (drawer.name) drawer.close();
  else if (document.activeElement !== byId("scroller") && state.c) byId("scroller").focus();
  else if (state.from || state.to) change({ from: "", to: "", at: view.current()?.id || "", t: "" });
  else if (state.q) change({ q: "", at: liveState === "off" ? view.current()?.id || "" : "", t: "" });
}

const KEYS = [
  ["/", "/", "search", () => byId("q").select()],
  ["n", "n N", "next, previous match", () => screen.match("asc")], ["N", "", "", () => screen.match("desc")],
  ["e", "e E", "next, previous error", () => screen.error("asc")], ["E", "", "", () => screen.error("desc")],
  ["j", "j k", "next, previous message", () => view.step(1)], ["k", "", "", () => view.step(-1)],
  ["ArrowDown", "", "", () => view.step(1)], ["ArrowUp", "", "", () => view.step(-1)],
  [" ", "Space", "a page on", () => scrollPage(0.9)], ["PageDown", "", "", () => scrollPage(0.9)], ["PageUp", "", "", () => scrollPage(-0.9)],
  ["g", "g G", "the beginning, the end", first], ["G", "", "", end], ["Home", "", "", first], ["End", "", "", end],
  ["f", "f", "follow, or stop", () => screen.toggleLive()],
  ["Enter", "Enter", "unfold, fold", () => { if (!view.chosen) view.step(0); view.toggle(); }],
  ["c", "c", "copy the message", withLine("copy")], ["l", "l", "copy a link to it", withLine("link")], ["x", "x", "what stands around it, unfiltered", withLine("context")],
  ...TYPES.map((type, index) => [String(index + 1), index ? "" : "1 … 5", "types", () => filters.toggle(type)]),
  ["p", "p", "patterns", patterns], ["o", "o", "problems: errors that are alike", problems], ["i", "i", "this container", details], ["s", "s", "is all of it here?", showSealPage],
  ["[", "[ ]", "previous, next container", () => containers.step(-1)], ["]", "", "", () => containers.step(1)],
  ["b", "b", "the list of containers", side],
  ["w", "w", "wrap long lines", () => prefer("wrap", !prefs.wrap)], ["a", "a", "colours, plain, raw", () => prefer("ansi", after(prefs.ansi, ["colours", "plain", "raw"]))],
  ["u", "u", "UTC, local time", () => prefer("zone", after(prefs.zone, ["UTC", "local"]))], ["t", "t", "dark, light, as the system", theme],
  ["Escape", "Esc", "back", leave], ["?", "?", "these keys", () => byId("help").showModal()],
];
listen(KEYS, () => byId("help").open || byId("sign-in").open);
help(byId("keys"), KEYS);

const clicks = {
  "sign-out": () => { signIn.forget(); location.assign("."); }, menu: side, seal: showSealPage, "open-problems": problems, "open-patterns": patterns, "open-details": details, theme, "open-help": () => byId("help").showModal(), "close-drawer": () => drawer.close(),
  wrap: () => prefer("wrap", !prefs.wrap), live: () => (screen.follow && !view.isPinned ? end() : screen.toggleLive()), "to-live": end, zone: () => prefer("zone", after(prefs.zone, ["UTC", "local"])),
  "next-error": () => screen.error("asc"), "previous-error": () => screen.error("desc"),
};
for (const [id, action] of Object.entries(clicks)) byId(id).addEventListener("click", action);
byId("home").addEventListener("click", event => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); change(readState(""), true); } });
byId("ansi").addEventListener("change", event => prefer("ansi", event.target.value));
byId("take").addEventListener("change", event => take(event.target.value));
byId("rows").addEventListener("click", event => {
  const row = event.target.closest(".row");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const line = view.known.get(row.dataset.id).line, action = event.target.closest("[data-do]")?.dataset.do;
  if (action) onLine[action](line);
  else if (event.target.closest(".fold")) view.toggle(line.id);
  else if (event.target.closest(".time")) { event.preventDefault(); view.choose(line.id); onLine.link(line); }
  else if (!event.target.closest("a") && getSelection().isCollapsed) view.choose(line.id);
});
byId("rows").addEventListener("dblclick", event => { const row = event.target.closest(".row"); if (row && !event.target.closest("button, a, .more")) { view.toggle(row.dataset.id); getSelection().removeAllRanges(); } });
addEventListener("popstate", () => { state = readState(location.search); show(); });
document.addEventListener("visibilitychange", () => (document.hidden ? screen.follow?.pause() : screen.follow?.resume()));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => prefer("theme", prefs.theme));

prefer("theme", prefs.theme);
show();
containers.ask();
document.body.dataset.ready = "true";
