/** What a run has promised to each of its scenes: a repeat for one never uses up what the first requests of others need. */

import type { Take } from '../journal/fold.ts';
import type { Cost } from '../shared/money.ts';

export interface Reserved {
  readonly id: string;
  /** Of one request. */
  readonly cost: Cost | undefined;
  /** How many requests. */
  readonly count: number;
}

export interface Reserve {
  /** From here on, by the takes as they are. */
  keep(all: readonly Reserved[], takes: readonly Take[]): void;
  /** The costs of the requests that are still to come besides one of that scene. */
  besides(id: string, takes: readonly Take[]): readonly (Cost | undefined)[];
  /** Nothing more is sent for the scene. */
  release(id: string): void;
}

export function createReserve(): Reserve {
  const promised = new Map<string, Reserved & { readonly before: number }>();
  return {
    keep(all, takes) {
      const sent = countByScene(takes);
      for (const one of all) promised.set(one.id, { ...one, before: sent.get(one.id) ?? 0 });
    },
    besides(id, takes) {
      const sent = countByScene(takes);
      return [...promised.values()].flatMap(({ id: other, cost, count, before }) => {
        const left = count - ((sent.get(other) ?? 0) - before) - (other === id ? 1 : 0);
        return Array.from({ length: Math.max(0, left) }, () => cost);
      });
    },
    release: (id) => void promised.delete(id),
  };
}

/** What may have been paid for. */
function countByScene(takes: readonly Take[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { scene, failed } of takes) if (failed?.made !== 'no') counts.set(scene, (counts.get(scene) ?? 0) + 1);
  return counts;
}
