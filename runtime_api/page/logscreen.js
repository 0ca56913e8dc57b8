// One container's log as the state says: read, followed, searched, jumped in.

import { isAbort } from "./api.js";
import { Chunks } from "./chunks.js";
import { countsOf, evenly } from "./counts.js";
import { oncePerFrame } from "./dom.js";
import { Follow } from "./follow.js";
import { marker } from "./marks.js";
import { base, chosen, counting, searched } from "./state.js";
import { iso } from "./times.js";

const TAIL = 250;
const MOST_QUEUED = 4000;

export class LogScreen {
  /** `on`: `{live(state, unseen), counts(counts), seal(seal), say(text, bad), noCounts(why), evenly(counts), gone(error)}` */
  constructor(api, view, look, on) {
    Object.assign(this, { api, view, look, on, state: null, abort: null, follow: null, counts: null, unseen: 0, counting: 0 });
  }

  stop() {
    this.abort?.abort();
    this.follow?.stop();
    this.follow = null;
    clearTimeout(this.counting);
    this.unseen = 0;
    this.on.live("off", 0);
  }

  show(state) {
    this.stop();
    this.state = state;
    this.abort = new AbortController();
    this.chunks = new Chunks(this.api, chosen(state), this.abort.signal);
    this.look.mark = state.q ? marker(state.q, state.re) : () => [];
    this.counts = null;
    this.view.clear("Reading …");
    this.hasBegun = false;
    if (state.at) this.to(() => this.chunks.around(state.at));
    else if (state.t) this.to(() => this.chunks.since(state.t));
    else this.end();
  }

  /** Counting a long log takes its time: what is there to be read comes first. */
  begun() {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.count();
  }

  async count() {
    const { state } = this, { signal } = this.abort, began = performance.now();
    try {
      const { counts, seal } = await countsOf(this.api, counting(state), state.types, signal);
      this.counts = counts;
      this.on.counts(counts);
      this.on.seal(seal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.on.noCounts(error.message);
      if (error.status === 503) await this.guess(signal);
    }
    const took = performance.now() - began;
    if (!signal.aborted && this.follow && !this.follow.ended) this.counting = setTimeout(() => this.count(), Math.max(4000, took * 8));
  }

  async guess(signal) {
    try {
      const even = await evenly(this.chunks);
      if (signal.aborted) return;
      this.counts = even;
      this.on.evenly(even);
    } catch (error) {
      this.failed(error, signal);
    }
  }

  /** Shows what `read` gives; whether it could. */
  async to(read) {
    this.follow?.stop();
    this.follow = null;
    this.on.live("off", 0);
    const { signal } = this.abort;
    try {
      const found = await read();
      if (signal.aborted) return false;
      this.view.reset(this.chunks, found);
      if (!this.view.entries.length) this.view.clear("No message fits.");
      return true;
    } catch (error) {
      this.failed(error, signal);
      return false;
    } finally {
      if (!signal.aborted) this.begun();
    }
  }

  failed(error, signal) {
    if (isAbort(error) || signal?.aborted) return;
    if (this.view.entries.length) this.on.say(error.message, true);
    else this.view.clear(error.message);
    this.on.gone(error);
  }

  first() { return this.to(() => this.chunks.first()); }

  at(id) { return this.to(() => this.chunks.around(id)); }

  since(time) { return this.to(() => this.chunks.since(time)); }

  /** The newest messages, and those that come. */
  end() {
    if (this.state.to) return this.to(() => this.chunks.last());
    this.follow?.stop();
    this.unseen = 0;
    const { signal } = this.abort;
    let fresh = true, queue = [], dropped = false;
    const flush = () => {
      if (this.follow !== follow || !queue.length) return;
      const lines = queue;
      queue = [];
      if (fresh || dropped) this.view.reset(this.chunks, { lines, after: [], older: null, newer: null, at: "", olderMore: true });
      else this.unseen += this.view.live(lines);
      fresh = dropped = false;
      this.begun();
      this.told("on");
    };
    const later = oncePerFrame(flush);
    const follow = (this.follow = new Follow(this.api, { ...chosen(this.state), tail: TAIL }, {
      line: line => {
        queue.push(line);
        if (queue.length > MOST_QUEUED) { queue = queue.slice(-1000); dropped = this.view.isPinned || fresh; }
        later();
      },
      seal: members => {
        flush();
        if (fresh) this.view.clear("No message fits.");
        if (members?.seal && !this.state.from) this.on.seal(members.seal);
        this.hasBegun = true;
        clearTimeout(this.counting);
        this.count();
      },
      state: (state, why) => {
        this.told(state === "open" ? "on" : state);
        if (why) this.on.say(why, true);
        if (state === "open") setTimeout(() => { if (fresh && this.follow === follow && !follow.ended) { this.view.clear("No line yet."); this.begun(); } }, 700);
      },
      refused: error => {
        this.follow = null;
        this.told("off");
        this.begun();
        if (error.status !== 429) this.failed(error, signal);
        else this.to(() => this.chunks.last()).then(() => this.on.say(error.message, true)); // read then, if not live
      },
    }));
    this.told("away");
    follow.start();
    return true;
  }

  told(state) { this.liveState = state; this.on.live(this.follow ? state : "off", this.unseen); }

  toggleLive() {
    if (this.follow && !this.follow.ended) { this.follow.stop(); this.follow = null; this.told("off"); }
    else this.end();
  }

  /** To the next message that fits `more` as well, seen from where the reader is. The server looks: it may be anywhere. */
  async jump(order, more, what) {
    if (this.jumping) {
      this.asked = [order, more, what]; // a key that is pressed meanwhile counts when this one is done
      return;
    }
    const from = this.view.current(order);
    if (!from) return;
    this.jumping = true;
    const { signal } = this.abort;
    this.on.say(`Looking for the ${order === "asc" ? "next" : "previous"} ${what} …`);
    try {
      const id = await this.chunks.next(from.id, order, more);
      if (signal.aborted) return;
      this.on.say(id ? "" : `No ${order === "asc" ? "later" : "earlier"} ${what}.`);
      if (id && !this.view.choose(id, 0.35)) await this.at(id);
    } catch (error) {
      this.failed(error, signal);
    } finally {
      this.jumping = false;
      const { asked } = this;
      this.asked = undefined;
      if (asked && !signal.aborted) this.jump(...asked);
    }
  }

  error(order) { return this.jump(order, { log_type: "critical,error" }, "error"); }

  match(order) { return this.state.q ? this.jump(order, searched(this.state), "match") : undefined; }

  /** By the ruler: a part of all messages, 0 to 1. */
  async toFraction(fraction) {
    if (fraction <= 0.001) await this.first();
    else if (fraction >= 0.999) await this.end();
    else await this.since(iso(this.counts.timeAt(fraction)));
  }

  range() { return base(this.state); }
}
