/** What may happen to a request, as data: the rules that scenarios are made of. */
import type { Call } from '../calls.ts';

/** How an answer's body is spoiled on its way. */
export interface Delivery {
  readonly truncateBytes?: number;
  readonly corrupt?: { readonly at: number; readonly bytes?: number; readonly with: 'zeros' | 'flipped' | 'nothing' };
  readonly trickle?: { readonly bytes: number; readonly everyMs: number };
}

export interface Fault extends Delivery {
  readonly delayMs?: number;
  readonly respond?: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly applyFirst?: boolean;
  readonly reset?: 'before' | 'after';
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Rule extends Fault {
  readonly match: { readonly call?: Call; readonly method?: string; readonly path?: string };
  readonly skip?: number;
  readonly times?: number;
}
