// Times are RFC 3339 text with nanoseconds, as the API gives them; milliseconds since 1970 where something is computed.

const two = number => String(number).padStart(2, "0");

export const millis = text => Date.parse(text.slice(0, 23) + "Z");
export const iso = milliseconds => new Date(milliseconds).toISOString();

/** `zone`: "UTC" or "local". */
export function clock(text, zone) {
  if (zone === "UTC") return text.slice(11, 23);
  const date = new Date(millis(text));
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${text.slice(20, 23)}`;
}

export function day(text, zone) {
  if (zone === "UTC") return text.slice(0, 10);
  const date = new Date(millis(text));
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const moment = (text, zone) => `${day(text, zone)} ${clock(text, zone)}`;

export function span(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Number((seconds / 3600).toFixed(1))} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export const counted = number => number.toLocaleString("en-US");

export function short(number) {
  if (number < 10000) return counted(number);
  return number < 1e6 ? `${Math.round(number / 1e3)}k` : `${Number((number / 1e6).toFixed(number < 1e7 ? 1 : 0))}M`;
}
