// What a container writes, as runs of text that can do no harm: `{text, style, title}`.
//
// Colours (SGR) become classes of the page's own palette, so that no text can be hidden in its background. No other escape
// sequence does anything. Control characters, and those that turn the direction of text or take no room, are shown by name.

const MOST_RUNS = 4000;
const SPECIAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
const CSI = /(?:\u001b\[|\u009b)([0-?]{0,80})[ -/]{0,4}([@-~])/y;
const STRING = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]{0,2048}(?:\u0007|\u001b\\|\u009c)/y;
const SHORT = /\u001b[ -/]{0,3}[0-Z\\^-~]/y;
const NAMES = "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ");
const PLAIN = { text: "", style: "", title: "" };

/** `mode`: "colours", "plain" (escape sequences left out) or "raw" (shown). */
export function runsOf(text, mode) {
  const runs = [];
  const style = new Style();
  let at = 0;
  const push = (piece, classes, title = "") => { if (piece) runs.push({ text: piece, style: classes, title }); };
  SPECIAL.lastIndex = 0;
  for (let found; (found = SPECIAL.exec(text)) !== null;) {
    if (runs.length >= MOST_RUNS) {
      push(named(text.slice(at)), style.classes());
      return runs;
    }
    push(text.slice(at, found.index), style.classes());
    at = found.index + found[0].length;
    const sequence = mode === "raw" ? null : sequenceAt(text, found.index);
    if (sequence !== null) {
      at = found.index + sequence.text.length;
      if (sequence.kind === "m") { if (mode === "colours") style.take(sequence.parameters); }
      else if (sequence.kind === "string" || (mode === "colours" && sequence.kind !== "K")) push("⟨ESC⟩", "ctl", named(sequence.text));
      SPECIAL.lastIndex = at;
    } else if (!(found[0] === "\r" && (at === text.length || text[at] === "\n"))) {
      push(nameOf(found[0]), "ctl", codeOf(found[0]));
    }
  }
  push(text.slice(at), style.classes());
  return runs.length ? runs : [PLAIN];
}

/** The text with each special character by its name. */
export const named = text => text.replace(SPECIAL, nameOf);

/** For places of one line, such as titles: named, and cut. */
export const harmless = (text, longest = 200) => named(String(text).slice(0, longest)).replaceAll(/[\n\t]/g, " ");

const codeOf = character => "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

function nameOf(character) {
  const code = character.codePointAt(0);
  return code < 0x20 ? `⟨${NAMES[code]}⟩` : `⟨${codeOf(character)}⟩`;
}

function sequenceAt(text, index) {
  CSI.lastIndex = STRING.lastIndex = SHORT.lastIndex = index;
  const csi = CSI.exec(text);
  if (csi !== null) {
    const colours = csi[2] === "m" && /^[0-9;:]*$/.test(csi[1]);
    return { text: csi[0], kind: colours ? "m" : csi[2] === "m" ? "" : csi[2], parameters: csi[1] };
  }
  const string = STRING.exec(text);
  if (string !== null) return { text: string[0], kind: "string", parameters: "" };
  const short = SHORT.exec(text);
  return short === null ? null : { text: short[0], kind: "", parameters: "" };
}

/** What SGR has set (ECMA-48, 8.3.117). Concealed and blinking are not: nothing may be hidden. */
class Style {
  constructor() { this.reset(); }

  reset() { Object.assign(this, { f: -1, g: -1, flags: new Set() }); }

  classes() {
    const found = [...this.flags];
    if (this.f >= 0) found.push(`f${this.f}`);
    if (this.g >= 0) found.push(`g${this.g}`);
    return found.join(" ");
  }

  take(parameters) {
    const codes = parameters.split(/[;:]/).slice(0, 40).map(Number);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code === 38 || code === 48) i = this.extended(code === 38 ? "f" : "g", codes, i);
      else this.one(code);
    }
  }

  one(code) {
    const on = { 1: "b", 2: "d", 3: "i", 4: "u", 7: "inv", 9: "s" }[code];
    const off = { 22: ["b", "d"], 23: ["i"], 24: ["u"], 27: ["inv"], 29: ["s"] }[code];
    if (code === 0) this.reset();
    else if (on) this.flags.add(on);
    else if (off) off.forEach(flag => this.flags.delete(flag));
    else if (code >= 30 && code <= 37) this.f = code - 30;
    else if (code === 39) this.f = -1;
    else if (code >= 40 && code <= 47) this.g = code - 40;
    else if (code === 49) this.g = -1;
    else if (code >= 90 && code <= 97) this.f = code - 82;
    else if (code >= 100 && code <= 107) this.g = code - 92;
  }

  extended(which, codes, i) {
    if (codes[i + 1] === 5) { this[which] = ofTable(codes[i + 2] || 0); return i + 2; }
    if (codes[i + 1] === 2) { this[which] = nearest(codes[i + 2] || 0, codes[i + 3] || 0, codes[i + 4] || 0); return i + 4; }
    return codes.length;
  }
}

function ofTable(number) {
  if (number < 16) return number;
  if (number > 231) return number < 244 ? 8 : 7;
  const level = step => [0, 95, 135, 175, 215, 255][Math.floor((number - 16) / step) % 6] || 0;
  return nearest(level(36), level(6), level(1));
}

function nearest(red, green, blue) {
  const most = Math.max(red, green, blue), least = Math.min(red, green, blue);
  if (most - least < 48) return most < 128 ? 8 : 7;
  const middle = (most + least) / 2;
  return (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
}
