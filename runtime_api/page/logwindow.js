// The part of a log that is in the page: at most so many rows, contiguous, that grows at the end one scrolls to and shrinks at
// the other. Nothing above or below it is kept: the API is asked again.

import { make, oncePerFrame } from "./dom.js";
import { Marginalia } from "./marginalia.js";
import { fill, rowOf } from "./row.js";

const MOST = 1200; // rows
const NEAR = 3000; // pixels from an end
const PINNED = 24;
const LET = 500; // ms for which one who scrolls up is not taken back to the end

export class LogWindow {
  /** `look`: see row.js; `on`: `{moved(), pinned(bool), chosen(line), failed(error)}` */
  constructor(scroller, list, look, on) {
    Object.assign(this, { scroller, list, look, on, generation: 0, chosen: "", isPinned: false, letUntil: 0, lastTop: 0 });
    this.marginalia = new Marginalia(list, look);
    this.clear();
    scroller.addEventListener("scroll", oncePerFrame(() => this.scrolled()), { passive: true });
    scroller.addEventListener("wheel", event => { if (event.deltaY < 0) this.letGo(); }, { passive: true });
    scroller.addEventListener("touchmove", () => this.letGo(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  clear(note = "") {
    this.generation++;
    this.entries = [];
    this.known = new Map();
    this.older = { cursor: null, more: false, busy: false };
    this.newer = { cursor: null, more: false, busy: false };
    this.list.replaceChildren(note ? make("p", { class: "note" }, note) : "");
  }

  /** `{lines, after, older, newer, at}` as Chunks gives them; without `at` the view goes to the end of `lines`. */
  reset(chunks, { lines, after, older, newer, at, olderMore = older !== null, newerMore = newer !== null }) {
    this.clear();
    this.chunks = chunks;
    this.older = { cursor: older, more: olderMore, busy: false };
    this.newer = { cursor: newer, more: newerMore, busy: false };
    this.put([...lines, ...after], this.entries.length);
    this.chosen = "";
    if (at) this.choose(at, 0.35, true);
    else if (lines.length) this.toEnd();
    else this.scroller.scrollTop = 0;
    this.scrolled();
  }

  put(lines, index) {
    const fresh = lines.filter(line => !this.known.has(line.id)).map(line => ({ line, node: rowOf(line, this.look), open: false }));
    for (const entry of fresh) this.known.set(entry.line.id, entry);
    const next = this.entries[index];
    this.entries.splice(index, 0, ...fresh);
    const nodes = fresh.map(entry => entry.node);
    if (next) (next.margin?.[0] || next.node).before(...nodes);
    else this.list.append(...nodes);
    this.marginalia.put(this.entries, this.older.more, this.newer.more);
  }

  remove(from, count) {
    for (const entry of this.entries.splice(from, count)) {
      this.known.delete(entry.line.id);
      entry.node.remove();
      entry.margin?.forEach(node => node.remove());
    }
  }

  /** What is being looked at stays where it is. */
  keeping(change) {
    const anchor = this.entries[this.firstVisible()]?.node, before = anchor?.getBoundingClientRect().top;
    change();
    const moved = anchor?.isConnected ? anchor.getBoundingClientRect().top - before : 0;
    if (moved) this.scroller.scrollTop += moved; // by nothing it would stop a scroll that has just begun
    this.lastTop = this.scroller.scrollTop;
  }

  async grow(side) {
    const edge = this[side], order = side === "older" ? "desc" : "asc", { generation } = this;
    const last = () => this.entries.at(side === "older" ? 0 : -1)?.line.id;
    if (!edge.more || edge.busy || !last()) return;
    edge.busy = true;
    const from = last();
    try {
      const cursor = edge.cursor || (await this.chunks.place(from))[order];
      const chunk = await this.chunks.read(order, { cursor });
      if (generation !== this.generation) return;
      if (from === last()) this.take(side, chunk);
    } catch (error) {
      if (generation === this.generation) { edge.more = false; this.on.failed(error); }
    } finally {
      edge.busy = false;
    }
    if (generation === this.generation) this.scrolled();
  }

  take(side, { lines, cursor }) {
    Object.assign(this[side], { cursor, more: cursor !== null });
    this.keeping(() => {
      this.put(lines, side === "older" ? 0 : this.entries.length);
      const over = this.entries.length - MOST;
      if (over > 0) this.shorten(side === "older" ? "newer" : "older", over);
    });
  }

  shorten(side, count) {
    this.remove(side === "older" ? 0 : this.entries.length - count, count);
    Object.assign(this[side], { cursor: null, more: true });
    this.marginalia.put(this.entries, this.older.more, this.newer.more);
  }

  /** Messages of a follower. How many of them are not shown, since somebody reads further up. */
  live(lines) {
    let unseen = 0;
    this.pin();
    const change = () => {
      const fresh = [];
      for (const line of lines) {
        for (const id of line.gone || []) if (this.known.has(id)) this.remove(this.entries.indexOf(this.known.get(id)), 1);
        if (this.known.has(line.id)) this.replace(line);
        else if (line.late) this.putLate(line);
        else if (this.isPinned) fresh.push(line);
        else unseen++;
      }
      this.put(fresh.slice(-MOST), this.entries.length);
      if (unseen) Object.assign(this.newer, { cursor: null, more: true });
      if (this.entries.length > MOST && this.isPinned) this.shorten("older", this.entries.length - MOST);
    };
    if (this.isPinned) change(); else this.keeping(change);
    this.stick();
    this.on.moved();
    return unseen;
  }

  replace(line) {
    const entry = this.known.get(line.id);
    entry.line = line;
    entry.node.className = `row ${line.log_type} ${line.stream}`;
    fill(entry.node, line, this.look, entry.open);
  }

  /** By its time: its exact place among equal ones shows when the log is read again. */
  putLate(line) {
    let index = this.entries.length;
    while (index > 0 && this.entries[index - 1].line.log_time > line.log_time) index--;
    if (index > 0 || !this.older.more) this.put([line], index);
  }

  repaint() {
    this.keeping(() => {
      for (const entry of this.entries) {
        const fresh = rowOf(entry.line, this.look);
        if (entry.open) fill(fresh, entry.line, this.look, true);
        fresh.classList.toggle("chosen", entry.line.id === this.chosen);
        entry.node.replaceWith(fresh);
        entry.node = fresh;
      }
      this.marginalia.again(this.entries, this.older.more, this.newer.more);
    });
  }

  /** What is out of sight is moved: to this part of the height, or as little as possible; `anyway`: what is in sight, too. */
  choose(id, where, anyway = false) {
    const entry = this.known.get(id);
    if (!entry) return false;
    this.known.get(this.chosen)?.node.classList.remove("chosen");
    this.chosen = id;
    entry.node.classList.add("chosen");
    const seen = this.scroller.getBoundingClientRect(), row = entry.node.getBoundingClientRect();
    const isOut = row.top < seen.top || row.bottom > seen.bottom;
    if (where !== undefined && (anyway || isOut)) this.scroller.scrollTop += row.top - seen.top - seen.height * where;
    else this.intoSight(entry.node);
    this.on.chosen(entry.line);
    return true;
  }

  intoSight(node) {
    const seen = this.scroller.getBoundingClientRect(), row = node.getBoundingClientRect();
    if (row.top < seen.top) this.scroller.scrollTop += row.top - seen.top;
    else if (row.bottom > seen.bottom) this.scroller.scrollTop += Math.min(row.bottom - seen.bottom, row.top - seen.top);
  }

  step(count) {
    const at = this.known.has(this.chosen) ? this.entries.indexOf(this.known.get(this.chosen)) + count : this.firstVisible();
    const entry = this.entries[Math.max(0, Math.min(this.entries.length - 1, at))];
    if (entry) this.choose(entry.line.id);
  }

  toggle(id = this.chosen) {
    const entry = this.known.get(id);
    if (!entry) return;
    entry.open = !entry.open;
    fill(entry.node, entry.line, this.look, entry.open);
    this.intoSight(entry.node);
  }

  /** Where the reader is: the chosen message if it is in sight, else the first that is; looking back, the last. */
  current(order = "asc") {
    const chosen = this.known.get(this.chosen), seen = this.seen();
    if (!seen) return null;
    const [from, at, to] = [seen.first, chosen?.line, seen.last].map(line => this.entries.indexOf(this.known.get(line?.id)));
    if (chosen && from <= at && at <= to) return chosen.line;
    return order === "asc" ? seen.first : seen.last;
  }

  seen() {
    const first = this.firstVisible();
    if (first < 0) return null;
    const last = Math.max(first, this.firstBelow(this.scroller.getBoundingClientRect().bottom) - 1);
    return { first: this.entries[first].line, last: this.entries[last].line };
  }

  firstVisible() { return Math.min(this.entries.length - 1, this.firstBelow(this.scroller.getBoundingClientRect().top + 1, true)); }

  firstBelow(line, byEnd = false) {
    let low = 0, high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1, box = this.entries[middle].node.getBoundingClientRect();
      if ((byEnd ? box.bottom : box.top) < line) low = middle + 1; else high = middle;
    }
    return low;
  }

  scrolled() {
    this.pin();
    if (this.scroller.scrollTop < NEAR) this.grow("older");
    if (this.below() < NEAR) this.grow("newer");
    this.on.moved();
  }

  below() { return this.scroller.scrollHeight - this.scroller.clientHeight - this.scroller.scrollTop; }

  /** Whether the end is kept in sight: until somebody scrolls up, and not because there is more of it now. */
  pin() {
    const { scrollTop } = this.scroller, stays = this.isPinned && scrollTop >= this.lastTop - 1;
    const pinned = (this.below() < PINNED || stays) && !this.newer.more && performance.now() >= this.letUntil;
    this.lastTop = scrollTop;
    if (pinned === this.isPinned) return;
    this.isPinned = pinned;
    this.on.pinned(pinned);
  }

  /** To the end, where that is what is wanted: who has just moved, or was moved, need not have been told of it yet. */
  stick() {
    this.pin();
    if (this.isPinned) this.toEnd();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.lastTop = this.scroller.scrollTop;
  }

  letGo() {
    if (this.scroller.scrollTop === 0) return;
    this.letUntil = performance.now() + LET;
    clearTimeout(this.letTimer);
    this.letTimer = setTimeout(() => this.scrolled(), LET + 20);
    this.pin();
  }

  resized() {
    this.scroller.style.setProperty("--seen", `${this.scroller.clientWidth}px`);
    this.stick();
    this.on.moved();
  }
}
