// What stands between the rows: a new day, a gap in the log, its beginning and its end.

import { make } from "./dom.js";
import { harmless } from "./hostile.js";
import { clock, counted, day, moment } from "./times.js";

export class Marginalia {
  constructor(list, look) { Object.assign(this, { list, look, gaps: [], end: { text: "", state: "" }, foot: null }); }

  put(entries, olderMore, newerMore) {
    let before = null;
    entries.forEach((entry, index) => {
      const texts = this.above(before, entry.line, index === 0 && !olderMore);
      const key = texts.map(one => one.key).join("|");
      if (entry.marginKey !== key) {
        entry.margin?.forEach(node => node.remove());
        entry.margin = texts.map(one => make("div", { class: one.kind, role: "note" }, one.text));
        entry.marginKey = key;
        entry.node.before(...entry.margin);
      }
      before = entry.line;
    });
    this.footer(entries, newerMore);
  }

  again(entries, olderMore, newerMore) {
    for (const entry of entries) { entry.margin?.forEach(node => node.remove()); entry.margin = undefined; entry.marginKey = undefined; }
    this.put(entries, olderMore, newerMore);
  }

  above(before, line, isFirst) {
    const found = [];
    const today = day(line.log_time, this.look.zone);
    if (isFirst || (before && day(before.log_time, this.look.zone) !== today)) found.push({ kind: "day", key: `d${today}${isFirst}`, text: isFirst ? `${today} · begin` : today });
    for (const gap of this.gaps) {
      const at = gap.from || gap.to;
      if (at && line.log_time > at && (isFirst || (before && before.log_time <= at))) found.push({ kind: "gap-row", key: `g${at}${gap.why}`, text: `Gap here: ${gapText(gap, this.look.zone)}` });
    }
    return found;
  }

  footer(entries, newerMore) {
    this.foot?.remove();
    this.foot = null;
    if (newerMore || !this.end.text) return;
    const last = entries.at(-1)?.line.log_time;
    const open = this.gaps.filter(gap => last && (gap.from || gap.to) >= last);
    this.foot = make("div", {}, ...open.map(gap => make("div", { class: "gap-row" }, `Gap here: ${gapText(gap, this.look.zone)}`)),
      make("div", { class: `end-row ${this.end.state}` }, this.end.text));
    this.list.append(this.foot);
  }
}

export function gapText(gap, zone) {
  const lines = gap.lines === null ? "lines, how many is not known," : `${counted(gap.lines)} ${gap.lines === 1 ? "line" : "lines"}`;
  const shown = (time, other) => (!time ? "an unknown moment" : other && day(time, zone) === day(other, zone) ? clock(time, zone) : moment(time, zone));
  const from = shown(gap.from, ""), to = shown(gap.to, gap.from);
  return `${lines} missing between ${from} and ${to}: ${harmless(gap.why, 400)}`;
}
