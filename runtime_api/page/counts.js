// How many messages there are by time and type, for the histogram and for the ruler beside the log.

import { millis } from "./times.js";

const BUCKETS = 480;

export class Counts {
  /** `data`: of /logs/histogram. */
  constructor(data, types) {
    this.buckets = data.buckets.map(({ from, count, types: found }) => ({ from: millis(from), count, types: found }));
    this.width = Math.max(1, data.interval_ms);
    this.all = data.count;
    this.choose(types);
  }

  /** `types`: those that are shown; none: all. */
  choose(types) {
    let total = 0;
    this.before = this.buckets.map(bucket => {
      const earlier = total;
      bucket.shown = types.length ? types.reduce((sum, type) => sum + (bucket.types[type] || 0), 0) : bucket.count;
      total += bucket.shown;
      return earlier;
    });
    this.total = total;
  }

  /** As if messages were spread evenly over the time: where counting takes too long. */
  static even(from, to) {
    const interval_ms = Math.max(1, (to - from) / BUCKETS);
    const buckets = Array.from({ length: BUCKETS }, (_, index) => ({ from: new Date(from + index * interval_ms).toISOString(), count: 1, types: {} }));
    return Object.assign(new Counts({ buckets, interval_ms, count: BUCKETS }, []), { isGuess: true });
  }

  get start() { return this.buckets[0]?.from ?? 0; }

  get end() { return this.buckets.length ? this.buckets.at(-1).from + this.width : 0; }

  of(type) { return this.buckets.reduce((sum, bucket) => sum + (bucket.types[type] || 0), 0); }

  /** The part of the messages, 0 to 1, that come before a time (ms). */
  fractionAt(time) {
    if (!this.total) return 0;
    const index = Math.floor((time - this.start) / this.width);
    if (index < 0) return 0;
    if (index >= this.buckets.length) return 1;
    const inside = (time - this.buckets[index].from) / this.width;
    return (this.before[index] + this.buckets[index].shown * inside) / this.total;
  }

  /** The time (ms) before which this part of the messages comes. */
  timeAt(fraction) {
    const wanted = fraction * this.total;
    let low = 0, high = this.buckets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.before[middle] <= wanted) low = middle; else high = middle - 1;
    }
    const bucket = this.buckets[low];
    return bucket ? bucket.from + (bucket.shown ? ((wanted - this.before[low]) / bucket.shown) * this.width : 0) : 0;
  }
}

/** From the first message to the last. */
export async function evenly(chunks) {
  const [first, last] = (await Promise.all(["asc", "desc"].map(order => chunks.read(order, { size: 1 })))).map(found => found.lines[0]);
  return first && last ? Counts.even(millis(first.log_time), millis(last.log_time) + 1) : null;
}

export async function countsOf(api, parameters, types, signal) {
  const data = await api.data("logs/histogram", { ...parameters, buckets: BUCKETS }, signal, 1);
  return { counts: new Counts(data, types), seal: data.seal };
}
