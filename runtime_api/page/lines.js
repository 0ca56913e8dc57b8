// A stream of bytes as lines of text, and as Server-Sent Events.

export async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = [];
  try {
    for (let part; !(part = await reader.read()).done;) {
      const pieces = part.value.split("\n");
      kept.push(pieces[0]);
      for (let i = 1; i < pieces.length; i++) {
        yield kept.length === 1 ? kept[0] : kept.join("");
        kept = [pieces[i]];
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have ended by an error already
  }
  if (kept.join("")) yield kept.join("");
}

/** `{id, event, data}`; a block without data has event "" (it tells the id that was reached). */
export async function* eventsOf(body) {
  let block = { id: "", event: "", data: "" };
  for await (const line of linesOf(body)) {
    if (line === "") {
      yield block;
      block = { id: "", event: "", data: "" };
      continue;
    }
    const at = line.indexOf(": ");
    if (at > 0 && line.slice(0, at) in block) block[line.slice(0, at)] = line.slice(at + 2);
  }
}
