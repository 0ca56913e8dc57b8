// Elements are made here, and text goes into them as text alone: no markup is ever read from a string.

export const byId = id => document.getElementById(id);

/** An element with properties (`class`, `title`, `onclick`, `aria-label` …) and children (elements or text). */
export function make(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return made;
}

export const pressed = (button, on) => button.setAttribute("aria-pressed", String(on));

/** Calls `action` at most once a frame, with the last arguments. */
export function oncePerFrame(action) {
  let asked = null;
  return (...given) => {
    if (asked === null) requestAnimationFrame(() => { const last = asked; asked = null; action(...last); });
    asked = given;
  };
}

/** Calls `action` when nothing has asked for it for so many milliseconds. */
export function afterRest(action, milliseconds) {
  let timer = 0;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => action(...given), milliseconds); };
}

/** A canvas in the pixels of the screen; its context draws in CSS pixels. */
export function prepared(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}

export const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
