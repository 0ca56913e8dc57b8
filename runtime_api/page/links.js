// Addresses in a text: http and https alone, shown as they are written.

const ADDRESS = /https?:\/\/[^\s<>"'`{}|\\^⟨⟩\u0000-\u001f\u007f-\u009f]{1,2000}/giu;
const MOST = 100;

/** `[{start, end, href}]` */
export function linksIn(text) {
  const found = [];
  for (const match of text.matchAll(ADDRESS)) {
    if (found.length >= MOST) break;
    const written = match[0].replace(/[.,;:!?)\]]+$/u, "");
    const href = safe(written);
    if (href !== null) found.push({ start: match.index, end: match.index + written.length, href });
  }
  return found;
}

export function safe(written) {
  try {
    const url = new URL(written);
    return ["http:", "https:"].includes(url.protocol) && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}
