/** What hosts of tasks list of an account: counted pages, newest first, of everything that it has run there. */

import { type Answer, hostTimeOf, isRecord, unreadableAnswer } from '../http/answer.ts';
import { notServed } from '../http/errors.ts';
import { isSuccess } from '../http/ranged-content.ts';
import type { SoraError } from '../shared/errors.ts';
import type { RemoteVideo, VideoPage } from './provider.ts';
import { textOf } from './task-wire.ts';

export interface TaskPageRead {
  /** Items that one page may hold: a full one is followed by another. */
  readonly limit: number;
  /** What asks for the page behind this one. */
  readonly next: string;
  /** Undefined for what is no task. */
  decode(item: Readonly<Record<string, unknown>>): RemoteVideo | undefined;
}

/** The page in what an answer brings. Throws `network` where there is none. */
export function taskPage(answer: Answer, items: unknown, { limit, next, decode }: TaskPageRead): VideoPage {
  if (!Array.isArray(items)) throw unreadableAnswer(answer, 'its list');
  const videos = items.flatMap((item) => (isRecord(item) ? (decode(item) ?? []) : []));
  const hostNow = hostTimeOf(answer);
  return { videos, ...(items.length >= limit && { next }), ...(hostNow !== undefined && { hostNow }) };
}

/** The error where a page was asked for and not given; undefined for a success. */
export function listRefusal(answer: Answer, refuse: (answer: Answer) => SoraError): SoraError | undefined {
  if (isSuccess(answer)) return undefined;
  return notServed(refuse(answer), answer, 'The host may have no call that lists what it has made.');
}

/** What the inputs of a listed task say of the video that was asked for. */
export function wishIn(inputs: unknown): Pick<RemoteVideo, 'prompt' | 'size' | 'seconds'> {
  if (!isRecord(inputs)) return {};
  const prompt = textOf(inputs.prompt);
  const size = textOf(inputs.size);
  const seconds = Number(textOf(inputs.duration) ?? Number.NaN);
  return {
    ...(prompt !== undefined && { prompt }),
    ...(size !== undefined && { size }),
    ...(seconds > 0 && { seconds }),
  };
}

/** The count that a page before has given as `next`; `first` for the first page. */
export function countOf(after: string | undefined, first: number): number {
  return after === undefined ? first : Number(after);
}
