// Messages by time, above the log: drag for a range, click for a moment.

import { colour, make, oncePerFrame, prepared } from "./dom.js";
import { TYPES } from "./state.js";
import { counted, iso, millis, moment, span } from "./times.js";

const FROM_BELOW = [...TYPES].reverse();
const AXIS = 14;

export class Histogram {
  /** `on`: `{range(from, to), moment(time)}`, milliseconds. */
  constructor(box, selection, note, tip, look, on) {
    Object.assign(this, { box, selection, note, tip, look, on, counts: null, types: [], gaps: [], seen: null, dragged: null });
    this.canvas = box.querySelector("canvas");
    this.draw = oncePerFrame(() => this.paint());
    new ResizeObserver(() => this.draw()).observe(box);
    box.addEventListener("pointerdown", event => this.down(event));
    box.addEventListener("pointermove", event => this.move(event));
    box.addEventListener("pointerup", event => this.up(event));
    box.addEventListener("pointercancel", () => this.let());
    box.addEventListener("pointerleave", () => { this.tip.hidden = true; });
  }

  show(counts, types, note = "") {
    Object.assign(this, { counts, types });
    this.note.textContent = note || (counts && !counts.all ? "No messages" : "");
    this.draw();
  }

  view(seen) { this.seen = seen; this.draw(); }

  paint() {
    const { context, width, height } = prepared(this.canvas);
    const { counts } = this;
    this.canvas.setAttribute("aria-label", counts ? `Messages by time: ${counted(counts.all)} from ${iso(counts.start)} to ${iso(counts.end)}` : "Messages by time");
    if (!counts?.all) return;
    const bars = this.bars(width), most = Math.max(...bars.map(bar => bar.count)), room = height - AXIS - 6;
    const colours = Object.fromEntries(TYPES.map(type => [type, colour(`--${type}`)]));
    const x = time => ((time - counts.start) / (counts.end - counts.start)) * width;
    if (this.seen) {
      const left = x(millis(this.seen.first.log_time)), right = x(millis(this.seen.last.log_time));
      context.fillStyle = colour("--raise");
      context.fillRect(left, 0, Math.max(3, right - left), height - AXIS);
    }
    bars.forEach((bar, index) => {
      let y = height - AXIS;
      const step = width / bars.length, left = Math.round(index * step), wide = Math.max(1, Math.round((index + 1) * step) - left - (step > 5 ? 1 : 0));
      for (const type of FROM_BELOW) {
        const part = bar.types[type] || 0;
        if (!part) continue;
        const high = Math.max(1, (part / most) * room);
        context.globalAlpha = this.types.length && !this.types.includes(type) ? 0.18 : type === "info" || type === "debug" ? 0.75 : 1;
        context.fillStyle = colours[type];
        context.fillRect(left, y - high, wide, high);
        y -= high;
      }
    });
    context.globalAlpha = 1;
    for (const gap of this.gaps) {
      const at = gap.from || gap.to;
      if (!at) continue;
      const left = x(millis(at)), right = x(millis(gap.to || at));
      context.fillStyle = colour("--bad");
      context.globalAlpha = 0.3;
      context.fillRect(left - 1, 0, Math.max(3, right - left), height - AXIS);
      context.globalAlpha = 1;
    }
    this.axis(context, width, height);
  }

  /** Neighbouring buckets together, so that each bar has room. */
  bars(width) {
    const { buckets } = this.counts, most = Math.max(1, Math.floor(width / 4)), by = Math.ceil(buckets.length / most);
    const bars = [];
    for (let i = 0; i < buckets.length; i += by) {
      const bar = { from: buckets[i].from, count: 0, types: {} };
      for (const bucket of buckets.slice(i, i + by)) {
        bar.count += bucket.count;
        for (const [type, count] of Object.entries(bucket.types)) bar.types[type] = (bar.types[type] || 0) + count;
      }
      bars.push(bar);
    }
    this.by = by;
    return bars;
  }

  axis(context, width, height) {
    const { counts } = this, ticks = Math.max(2, Math.floor(width / 170)), whole = counts.end - counts.start;
    context.font = `10.5px ${colour("--sans")}`;
    context.fillStyle = colour("--faint");
    for (let i = 0; i <= ticks; i++) {
      const text = moment(iso(counts.start + (whole * i) / ticks), this.look.zone);
      context.textAlign = i === 0 ? "left" : i === ticks ? "right" : "center";
      context.fillText(whole > 2 * 86400000 ? text.slice(0, 16) : text.slice(11, whole < 10000 ? 23 : 19), i === 0 ? 6 : i === ticks ? width - 6 : (width * i) / ticks, height - 3);
    }
  }

  timeOf(event) {
    const box = this.box.getBoundingClientRect();
    const part = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    return this.counts.start + part * (this.counts.end - this.counts.start);
  }

  down(event) {
    if (!this.counts?.all || event.button) return;
    this.box.setPointerCapture(event.pointerId);
    this.dragged = { x: event.clientX, time: this.timeOf(event) };
  }

  move(event) {
    if (!this.counts?.all) return;
    const time = this.timeOf(event);
    this.tell(event, time);
    if (!this.dragged || Math.abs(event.clientX - this.dragged.x) < 4) return;
    const box = this.box.getBoundingClientRect(), [from, to] = [this.dragged.time, time].sort((a, b) => a - b);
    const x = at => ((at - this.counts.start) / (this.counts.end - this.counts.start)) * box.width;
    this.selection.hidden = false;
    this.selection.style.left = `${x(from)}px`;
    this.selection.style.width = `${x(to) - x(from)}px`;
  }

  up(event) {
    const { dragged } = this;
    this.let();
    if (!dragged) return;
    const time = this.timeOf(event);
    if (Math.abs(event.clientX - dragged.x) < 4) this.on.moment(time);
    else this.on.range(Math.min(time, dragged.time), Math.max(time, dragged.time));
  }

  let() {
    this.dragged = null;
    this.selection.hidden = true;
  }

  tell(event, time) {
    const { counts } = this, index = Math.floor((time - counts.start) / counts.width / this.by) * this.by;
    const found = {};
    for (const bucket of counts.buckets.slice(index, index + this.by)) for (const [type, count] of Object.entries(bucket.types)) found[type] = (found[type] || 0) + count;
    const from = counts.buckets[Math.max(0, Math.min(index, counts.buckets.length - 1))].from;
    const said = TYPES.filter(type => found[type]).map(type => `${counted(found[type])} ${type}`).join("\n");
    const range = this.dragged ? `\n${span(Math.abs(time - this.dragged.time))}` : "";
    this.tip.replaceChildren(make("b", {}, moment(iso(from), this.look.zone)), `  ${span(counts.width * this.by)}${said ? `\n${said}` : "\nnothing"}${range}`);
    this.tip.hidden = false;
    this.tip.style.left = `${Math.min(event.clientX + 12, innerWidth - this.tip.offsetWidth - 8)}px`;
    this.tip.style.top = `${this.box.getBoundingClientRect().bottom + 6}px`;
  }
}
