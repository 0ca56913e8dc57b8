// A log as it grows: one stream of Server-Sent Events, by fetch since an EventSource can send no token. It goes on where it
// broke off (Last-Event-ID), with nothing missed or twice, until the seal.

import { isAbort } from "./api.js";
import { eventsOf } from "./lines.js";

const SILENCE = 60000; // ms after which a connection counts as dead; the API says something every 8 s
const SLOWEST = 15000;

export class Follow {
  /** `on`: `{line(object), seal(object), state("open" | "away" | "ended", why), refused(error)}` */
  constructor(api, parameters, on) {
    Object.assign(this, { api, parameters, on, last: "", ended: false, abort: null });
  }

  start() { this.run(); }

  stop() {
    this.ended = true;
    this.abort?.abort();
  }

  /** While nobody looks a connection is not kept: browsers have six to a server. */
  pause() {
    if (this.ended || this.hidden) return;
    this.hidden = true;
    this.abort?.abort();
  }

  resume() {
    if (!this.hidden) return;
    this.hidden = false;
    this.run();
  }

  async run() {
    for (let wait = 500; !this.ended && !this.hidden; wait = Math.min(SLOWEST, wait * 2)) {
      const abort = (this.abort = new AbortController());
      try {
        if (await this.once(abort)) wait = 250;
      } catch (error) {
        if (this.ended || this.hidden) return;
        if (error.status && error.status < 500) { this.ended = true; this.on.refused(error); return; }
        this.on.state("away", isAbort(error) ? "the connection was silent" : error.message);
      }
      if (!this.ended && !this.hidden) await new Promise(resolve => setTimeout(resolve, wait));
    }
  }

  /** Whether anything came. */
  async once(abort) {
    const headers = { Accept: "text/event-stream", ...(this.last ? { "Last-Event-ID": this.last } : {}) };
    const parameters = { ...this.parameters, follow: "true", format: "sse", ...(this.last ? { tail: undefined } : {}) };
    const answer = await this.api.open("logs", parameters, { signal: abort.signal, headers });
    if (answer.status === 204) { this.end(null); return true; }
    this.on.state("open", "");
    let came = false, timer = 0;
    const watch = () => { clearTimeout(timer); timer = setTimeout(() => abort.abort(), SILENCE); };
    try {
      watch();
      for await (const { id, event, data } of eventsOf(answer.body)) {
        if (this.ended) return true;
        watch();
        if (id) this.last = id;
        if (event === "line") { came = true; this.on.line(JSON.parse(data)); }
        else if (event === "seal") { this.end(JSON.parse(data)); return true; }
      }
    } finally {
      clearTimeout(timer);
    }
    if (!this.ended) this.on.state("away", "the connection broke off");
    return came;
  }

  end(members) {
    this.ended = true;
    this.on.seal(members);
    this.on.state("ended", "");
  }
}
