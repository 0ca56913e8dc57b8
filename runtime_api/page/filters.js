// The bar above the log: what is shown of it.

import { afterRest, make, pressed } from "./dom.js";
import { TYPES } from "./state.js";
import { moment, short } from "./times.js";

export class Filters {
  /** `parts`: elements `{q, search, regex, only, types, stream, range}`; `change(parts of the state)`. */
  constructor(parts, look, change) {
    Object.assign(this, { ...parts, look, change, state: { types: [] } });
    const typed = afterRest(() => { if (this.q.value !== this.state.q) change({ q: this.q.value }); }, 500);
    this.q.addEventListener("input", typed);
    this.q.addEventListener("keydown", event => {
      if (event.key === "Enter" && this.q.value !== this.state.q) change({ q: this.q.value });
      if (event.key === "Escape" || event.key === "Enter") {
        event.preventDefault();
        event.stopPropagation(); // it has done what it is for
        this.onLeave?.();
      }
    });
    this.regex.addEventListener("click", () => change({ re: !this.state.re }));
    this.only.addEventListener("click", () => change({ only: !this.state.only }));
    this.stream.addEventListener("change", () => change({ stream: this.stream.value }));
    this.range.addEventListener("click", () => change({ from: "", to: "" }));
    this.buttons = new Map(TYPES.map((type, index) => [type, make("button", { class: type, title: `${type} (${index + 1}); again: all`, onclick: () => this.toggle(type) }, make("i"), type, make("span"))]));
    this.types.append(...this.buttons.values());
  }

  /** The first click shows one type alone, further ones add and take away. */
  toggle(type) {
    const { types } = this.state;
    const next = types.includes(type) ? types.filter(one => one !== type) : TYPES.filter(one => one === type || types.includes(one));
    this.change({ types: next.length === TYPES.length ? [] : next });
  }

  show(state) {
    this.state = state;
    if (document.activeElement !== this.q) this.q.value = state.q;
    this.stream.value = state.stream;
    pressed(this.regex, state.re);
    pressed(this.only, state.only);
    for (const [type, button] of this.buttons) pressed(button, !state.types.length || state.types.includes(type));
    this.range.hidden = !state.from && !state.to;
    const shown = text => (/^\d{4}-\d\d-\d\dT/.test(text) ? moment(text, this.look.zone) : text);
    this.range.textContent = `${state.from ? shown(state.from) : "begin"} – ${state.to ? shown(state.to).slice(state.from.slice(0, 10) === state.to.slice(0, 10) ? 11 : 0) : "end"} ✕`;
  }

  counts(counts) {
    for (const [type, button] of this.buttons) button.lastChild.textContent = counts?.of(type) ? short(counts.of(type)) : "";
  }

  bad(isBad) { this.search.classList.toggle("bad", isBad); }
}
