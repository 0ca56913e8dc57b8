// Whether all is there, in words: always to be seen, and in full on demand.

import { make } from "./dom.js";
import { harmless } from "./hostile.js";
import { gapText } from "./marginalia.js";
import { clock, counted, moment } from "./times.js";

/** The few words of the mark in the bar. */
export function sealWords(seal, zone) {
  if (seal.state === "sealed") return "✓ complete";
  if (seal.state === "gaps") {
    const lost = seal.gaps.reduce((sum, gap) => (gap.lines === null || sum === null ? null : sum + gap.lines), 0);
    const where = seal.gaps.length === 1 ? "1 gap" : `${seal.gaps.length} gaps`;
    return lost === null ? `⚠ ${where}` : `⚠ ${where}, ${counted(lost)} ${lost === 1 ? "line" : "lines"} missing`;
  }
  if (seal.state === "unverified") return "? not verified";
  return seal.verified_until ? `◌ verified until ${clock(seal.verified_until, zone).slice(0, 8)}` : "◌ open";
}

export function endWords(seal, isLive) {
  if (seal?.state === "sealed") return `End of the log: complete${seal.lines ? `, ${counted(seal.lines)} lines` : ""}`;
  if (seal?.state === "gaps") return "End of the log, which has gaps";
  if (seal?.state === "unverified") return "End of the log; it could not be verified";
  return isLive || !seal ? "" : "The last line so far";
}

const MEANING = {
  sealed: "Every line that Docker has of this range is here: compared line by line with the engine's own copy.",
  gaps: "Verified, but for the gaps below.",
  unverified: "It could not be compared with the engine's copy.",
  open: "The container runs, or its end has not been verified yet: this is what there is so far.",
};

export function sealPage(seal, zone, go) {
  const facts = [["state", seal.state], ["lines written", counted(seal.lines)], ["put back", `${counted(seal.put_back)} that the live path had lost`], ["runs", counted(seal.runs)]];
  for (const name of ["started", "finished", "verified_until"]) if (seal[name]) facts.push([name.replace("_", " "), moment(seal[name], zone)]);
  if (seal.reason) facts.push(["reason", harmless(seal.reason, 1000)]);
  return [
    make("p", {}, MEANING[seal.state]),
    make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
    ...seal.gaps.slice(0, 200).map(gap => make("div", { class: "gap" }, gapText(gap, zone), " ",
      gap.from || gap.to ? make("button", { onclick: () => go(gap.from || gap.to) }, "Show") : null)),
  ];
}

/** Asks for the statement again while it can still change. */
export class SealWatch {
  constructor(api, on) { Object.assign(this, { api, on, timer: 0, parameters: null }); }

  watch(parameters, signal) {
    clearTimeout(this.timer);
    const ask = async () => {
      try {
        if (!document.hidden) {
          const { seal } = await this.api.data("logs", { ...parameters, size: 1 }, signal);
          this.on(seal);
          if (seal.state !== "open") return;
        }
      } catch { /* what shows the log says it */ }
      if (!signal.aborted) this.timer = setTimeout(ask, 3000);
    };
    ask();
  }
}
