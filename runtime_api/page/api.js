// Requests to the API this page comes from. Errors are its own words.

import { linesOf } from "./lines.js";

const TRIES = 5;

export class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

export class Api {
  /** `signIn`: `{token, ask(why)}`; a request that is answered 401 is sent again with what the reader enters. */
  constructor(base, signIn) { this.base = base; this.signIn = signIn; }

  url(path, parameters = {}) {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== "") url.searchParams.set(name, value);
    return url;
  }

  /** The answer, whose status is 2xx; `most`: tries while the API is busy. Throws Refused, or TypeError where the API cannot be reached. */
  async open(path, parameters, { signal, headers = {}, most = TRIES, ...more } = {}) {
    for (let tries = 1; ; tries++) {
      const { token } = this.signIn;
      const sent = token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
      const answer = await fetch(this.url(path, parameters), { ...more, signal, headers: sent, credentials: "same-origin" });
      if (answer.ok) return answer;
      const message = await reason(answer);
      if (answer.status === 401) {
        if (token === this.signIn.token) await this.signIn.ask(message, signal);
      } else if ([429, 503].includes(answer.status) && tries < most && Number(answer.headers.get("Retry-After") || 99) <= 5) {
        await rest(Number(answer.headers.get("Retry-After")) * 500 * tries, signal);
      } else {
        throw new Refused(answer.status, message);
      }
    }
  }

  /** `data` of an envelope. */
  async data(path, parameters, signal, most = TRIES) {
    return (await (await this.open(path, parameters, { signal, most })).json()).data;
  }

  /** The same, of a request that changes something. */
  async change(method, path, body) {
    const headers = { "Content-Type": "application/json" };
    return (await (await this.open(path, {}, { method, headers, body: JSON.stringify(body) })).json()).data;
  }

  /** Lines of NDJSON as objects. */
  async *objects(path, parameters, signal) {
    const answer = await this.open(path, { ...parameters, format: "ndjson" }, { signal });
    for await (const line of linesOf(answer.body)) if (line) yield JSON.parse(line);
  }
}

export const isAbort = error => error?.name === "AbortError";

async function reason(answer) {
  try {
    return (await answer.json()).message;
  } catch {
    return `the API answered ${answer.status}`;
  }
}

function rest(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.max(200, milliseconds));
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}
