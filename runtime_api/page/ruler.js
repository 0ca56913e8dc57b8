// The scroll bar of the whole log: as long as all its messages, with its errors and warnings; by the counts, since only a small
// part of the log is here.

import { colour, make, oncePerFrame, prepared } from "./dom.js";
import { counted, iso, millis, moment } from "./times.js";

export class Ruler {
  /** `on`: `{to(fraction)}`, which may take its time: the latest wish counts. */
  constructor(box, thumb, tip, look, on) {
    Object.assign(this, { box, thumb, tip, look, on, counts: null, types: [], held: false, wish: null, busy: false });
    this.canvas = box.querySelector("canvas");
    this.draw = oncePerFrame(() => this.paint());
    new ResizeObserver(() => this.draw()).observe(box);
    box.addEventListener("pointerdown", event => { if (this.counts?.total) { box.setPointerCapture(event.pointerId); this.held = true; this.go(event); } });
    box.addEventListener("pointermove", event => { this.tell(event); if (this.held) this.go(event); });
    for (const name of ["pointerup", "pointercancel"]) box.addEventListener(name, () => { this.held = false; });
    box.addEventListener("pointerleave", () => { this.tip.hidden = true; });
  }

  show(counts, types) {
    Object.assign(this, { counts, types });
    this.draw();
    if (this.seen) this.view(this.seen);
  }

  paint() {
    const { context, width, height } = prepared(this.canvas), { counts } = this;
    if (!counts?.total) return;
    for (const [type, from, to] of [["warning", 0.3, 0.62], ["error", 0.3, 1], ["critical", 0.3, 1]]) {
      if (this.types.length && !this.types.includes(type)) continue;
      context.fillStyle = colour(`--${type}`);
      counts.buckets.forEach((bucket, index) => {
        if (!bucket.types[type]) return;
        const y = (counts.before[index] / counts.total) * height, part = bucket.types[type] / Math.max(1, bucket.shown);
        context.globalAlpha = 0.35 + 0.65 * Math.sqrt(part);
        context.fillRect(width * from, y, width * (to - from), Math.max(2, (bucket.shown / counts.total) * height * Math.min(1, part * 2)));
      });
    }
    context.globalAlpha = 1;
  }

  /** `seen`: `{first, last, begin, end}`: messages, and whether they are the first and the last there are. */
  view(seen) {
    this.seen = seen;
    if (!seen || !this.counts?.total || this.held) return;
    const top = seen.begin ? 0 : this.counts.fractionAt(millis(seen.first.log_time));
    const bottom = seen.end ? 1 : this.counts.fractionAt(millis(seen.last.log_time) + 1);
    this.place(seen.end && !seen.begin ? Math.max(top, 0) : top, bottom);
  }

  place(top, bottom) {
    const { height } = this.box.getBoundingClientRect(), long = Math.max(22, (bottom - top) * height);
    this.thumb.style.height = `${long}px`;
    this.thumb.style.transform = `translateY(${bottom >= 1 ? height - long : Math.min(height - long, top * height)}px)`;
    this.box.setAttribute("aria-valuenow", String(Math.round(top * 100)));
  }

  fraction(event) {
    const box = this.box.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientY - box.top) / box.height));
  }

  go(event) {
    this.wish = this.fraction(event);
    this.place(this.wish, this.wish);
    this.fulfil();
  }

  async fulfil() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.wish !== null) {
        const { wish } = this;
        this.wish = null;
        await this.on.to(wish);
      }
    } finally {
      this.busy = false;
    }
  }

  tell(event) {
    if (!this.counts?.total) return;
    const part = this.fraction(event);
    this.tip.replaceChildren(make("b", {}, moment(iso(this.counts.timeAt(part)), this.look.zone)), this.counts.isGuess ? "" : `\nmessage ${counted(Math.round(part * this.counts.total))} of ${counted(this.counts.total)}`);
    this.tip.hidden = false;
    this.tip.style.left = `${this.box.getBoundingClientRect().left - this.tip.offsetWidth - 8}px`;
    this.tip.style.top = `${Math.min(innerHeight - 50, event.clientY - 16)}px`;
  }
}
