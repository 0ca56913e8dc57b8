// Copying and downloading: just what is chosen, in the forms of the API.

import { linesOf } from "./lines.js";
import { counted } from "./times.js";

const MOST_COPIED = 20000; // messages
const MOST_CHARACTERS = 16 << 20;
const ENDINGS = { text: "log", ndjson: "ndjson", csv: "csv", json: "json" };

/** Puts the chosen messages on the clipboard; returns what is to be said of it. */
export async function copyChosen(api, parameters, clipboard, signal) {
  const answer = await api.open("logs", { ...parameters, format: "text", size: MOST_COPIED }, { signal });
  const end = answer.headers.get("Wholelog-End"), lines = [];
  let characters = 0, whole = null;
  for await (const line of linesOf(answer.body)) {
    if (end && line.startsWith(end)) { whole = JSON.parse(line.slice(end.length)); break; }
    if ((characters += line.length) > MOST_CHARACTERS) break;
    lines.push(line);
  }
  await clipboard.writeText(`${lines.join("\n")}\n`);
  if (whole && !whole.cursor) return `Copied ${counted(whole.count)} messages`;
  return whole ? `Copied the first ${counted(whole.count)} messages: download takes them all` : "Copied what came first: download takes it all";
}

/** Saves them as a file. The browser writes it as it comes; with a token it is kept by the browser until it is whole. */
export async function download(api, parameters, form, name, token, make) {
  const asked = { ...parameters, format: form }, file = `${name.replaceAll(/[^\w.-]/g, "_").slice(0, 80) || "log"}.${ENDINGS[form]}`;
  if (!token) return save(api.url("logs", asked).href, file, make);
  const blob = await (await api.open("logs", asked)).blob(), href = URL.createObjectURL(blob);
  save(href, file, make);
  setTimeout(() => URL.revokeObjectURL(href), 60000);
}

function save(href, file, make) {
  const link = make("a", { href, download: file });
  document.body.append(link);
  link.click();
  link.remove();
}
