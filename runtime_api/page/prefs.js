// How this reader likes it, kept in the browser; none of it says what is shown.

const DEFAULTS = { theme: "auto", ansi: "colours", zone: "UTC", wrap: false, side: true };
const KEY = "wholelog.look";

export class Prefs {
  constructor(storage) {
    this.storage = storage;
    Object.assign(this, DEFAULTS);
    try {
      const kept = JSON.parse(storage.getItem(KEY) || "{}");
      for (const name of Object.keys(DEFAULTS)) if (typeof kept[name] === typeof DEFAULTS[name]) this[name] = kept[name];
    } catch { /* what is kept is of another version: the defaults */ }
  }

  set(name, value) {
    this[name] = value;
    this.storage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.keys(DEFAULTS).map(key => [key, this[key]]))));
  }

  isDark() {
    return this.theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : this.theme === "dark";
  }

  apply() { document.documentElement.dataset.theme = this.isDark() ? "dark" : "light"; }
}
