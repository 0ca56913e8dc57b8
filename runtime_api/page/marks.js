// Where what was searched for stands in a text: as the server finds it, which decides what is found.

const MOST = 300;
const ALONE = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const WORD = new RegExp(`[${ALONE}]|(?:(?![${ALONE}])[\\p{L}\\p{M}\\p{N}_])+`, "gu");

/** A function from a text to `[{start, end}]`; nothing is marked where an expression could take long. */
export function marker(search, isRegex) {
  const expression = isRegex ? ofRegex(search) : ofWords(search);
  if (expression === null) return () => [];
  return text => {
    const found = [];
    expression.lastIndex = 0;
    for (const match of text.matchAll(expression)) {
      if (found.length >= MOST) break;
      if (match[0]) found.push({ start: match.index, end: match.index + match[0].length });
    }
    return found;
  };
}

function ofWords(search) {
  const parts = search.split('"').flatMap((part, index) => (index % 2 ? [part] : part.split(/\s+/)));
  const sources = parts.map(part => part.match(WORD) || []).filter(words => words.length).map(phrase);
  return sources.length ? new RegExp(sources.join("|"), "giu") : null;
}

function phrase(words) {
  const single = new RegExp(`^[${ALONE}]$`, "u");
  const edge = (word, behind) => (single.test(word) ? "" : behind ? "(?![\\p{L}\\p{M}\\p{N}_])" : "(?<![\\p{L}\\p{M}\\p{N}_])");
  return edge(words[0], false) + words.join("[^\\p{L}\\p{M}\\p{N}_]{0,40}") + edge(words[words.length - 1], true);
}

/** RE2 never takes long, this browser's expressions may: repeated groups and several open repetitions are left unmarked. */
function ofRegex(search) {
  const bare = search.replaceAll(/\\./gs, "x").replaceAll(/\[[^\]]*\]/g, "x");
  if (/\)[*+?{]/.test(bare) || (bare.match(/[*+]|\{\d*,\d*\}/g) || []).length > 1) return null;
  try {
    const flags = /^\(\?([ims]+)\)/.exec(search);
    return new RegExp(flags ? search.slice(flags[0].length) : search, "gu" + (flags ? [...new Set(flags[1])].join("") : ""));
  } catch {
    return null;
  }
}
