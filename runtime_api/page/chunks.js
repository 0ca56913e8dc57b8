// Parts of a log, from any place in either direction: at most so many messages and so many characters at a time.

export const CHUNK = 250;
const MOST_CHARACTERS = 4 << 20;

export class Chunks {
  /** `parameters`: those by which the API chooses lines. */
  constructor(api, parameters, signal) { Object.assign(this, { api, parameters, signal }); }

  /** `{lines, cursor, seal}`, in the order of the log; `cursor` null: there is no more that way. `order`: "asc" or "desc". */
  async read(order, { cursor, start, size = CHUNK } = {}) {
    const lines = [];
    const asked = { ...this.parameters, order, size, cursor, ...(start ? { start_time: start } : {}) };
    let characters = 0, end = null;
    for await (const one of this.api.objects("logs", asked, this.signal)) {
      if (one.end) { end = one.end; break; }
      lines.push(one);
      if ((characters += one.log_message.length) > MOST_CHARACTERS) break;
    }
    if (!end && !(characters > MOST_CHARACTERS)) throw new Error("the answer broke off");
    const next = end ? end.cursor || null : (await this.place(lines.at(-1).id))[order];
    if (order === "desc") lines.reverse();
    return { lines, cursor: next, seal: end?.seal || null };
  }

  /** A message by its id, and cursors from it: `{line, asc, desc}`. */
  async place(id) {
    const data = await this.api.data("logs/context", { container_id: this.parameters.container_id, id, before: 0, after: 0 }, this.signal);
    return { line: data.logs[data.at], asc: data.after, desc: data.before };
  }

  /** What stands around a message, whether or not it is one of those that are chosen. */
  async around(id) {
    const { line, asc, desc } = await this.place(id);
    const [before, after] = await Promise.all([this.read("desc", { cursor: desc }), this.read("asc", { cursor: asc })]);
    return { lines: [...before.lines, line], after: after.lines, older: before.cursor, newer: after.cursor, at: line.id };
  }

  /** From a moment on, with what stands before it. */
  async since(time) {
    const first = (await this.read("asc", { start: time, size: 1 })).lines[0];
    return first ? this.around(first.id) : this.last();
  }

  async first() {
    const { lines, cursor } = await this.read("asc");
    return { lines: [], after: lines, older: null, newer: cursor, at: "" };
  }

  async last() {
    const { lines, cursor } = await this.read("desc");
    return { lines, after: [], older: cursor, newer: null, at: "" };
  }

  /** The next message that also fits `more`, seen from one: an id, or null. */
  async next(id, order, more) {
    const place = await this.place(id);
    const found = await new Chunks(this.api, { ...this.parameters, ...more }, this.signal).read(order, { cursor: place[order], size: 1 });
    return found.lines[0]?.id || null;
  }
}
