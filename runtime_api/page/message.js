// One text of a container put into an element: colours, addresses and marks over the same harmless runs.

import { make } from "./dom.js";
import { harmless, runsOf } from "./hostile.js";
import { linksIn } from "./links.js";

/** `look`: `{ansi, mark}`; `longest`: characters that are shown. */
export function paint(node, text, look, longest) {
  const runs = runsOf(text.length > longest ? text.slice(0, longest) : text, look.ansi);
  const whole = runs.map(run => run.text).join("");
  const marks = look.mark(whole), links = whole.includes("://") ? linksIn(whole) : [];
  if (!marks.length && !links.length) node.append(...runs.map(run => element(run.text, run.style, run.title)));
  else node.append(...cut(runs, marks, links));
}

function element(text, style, title) {
  return style ? make("span", { class: style, title: title || undefined }, text) : document.createTextNode(text);
}

function* cut(runs, marks, links) {
  let at = 0, mark = 0, link = 0, anchor = null;
  for (const run of runs) {
    for (let inside = 0; inside < run.text.length;) {
      while (mark < marks.length && marks[mark].end <= at) mark++;
      while (link < links.length && links[link].end <= at) { link++; anchor = null; }
      const ends = [at + run.text.length - inside];
      for (const one of [marks[mark], links[link]]) if (one) ends.push(one.start > at ? one.start : one.end);
      const length = Math.min(...ends) - at;
      const hit = mark < marks.length && marks[mark].start <= at;
      const piece = element(run.text.slice(inside, inside + length), hit ? `${run.style} hit` : run.style, run.title);
      if (link < links.length && links[link].start <= at) {
        if (anchor === null) yield (anchor = linked(links[link].href));
        anchor.append(piece);
      } else {
        yield piece;
      }
      at += length;
      inside += length;
    }
  }
}

const linked = href => make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", title: harmless(href) });
