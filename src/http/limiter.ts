/** A concurrency limiter (a semaphore with a queue, a throttle) per key. client.ts uses it per host, for reads alone. */

/** Runs work for a key; of one key only so many at a time, in the order of their calls. */
export type ConcurrencyLimiter = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createConcurrencyLimiter(atOnce: number): ConcurrencyLimiter {
  const places = new Map<string, { taken: number; readonly waiting: (() => void)[] }>();
  return async (key, work) => {
    const place = places.get(key) ?? { taken: 0, waiting: [] };
    places.set(key, place);
    if (place.taken < atOnce) place.taken += 1;
    else await new Promise<void>((resolve) => place.waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Who waits longest takes over the place; without anybody it is free.
      const next = place.waiting.shift();
      if (next) next();
      else place.taken -= 1;
    }
  };
}
