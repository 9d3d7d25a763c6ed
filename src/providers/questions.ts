/** What `sora doctor --api` asks a host: reads that create nothing, and how their answers are judged. */

import { type Answer, checkBaseUrl, failureOf, isRecord, isUnsupported, jsonOf, parseJson } from '../http/answer.ts';
import { refusal } from '../http/errors.ts';
import type { HttpRequest } from '../http/request.ts';
import { SoraError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import type { Provider } from './provider.ts';

/** A read that creates nothing and costs nothing, and what its answer means. */
export interface Question {
  readonly check: string;
  ask(): Promise<string>;
  /** Not every work needs it: that it fails is a remark. */
  readonly isExtra?: boolean;
}

/** What questions are made of. */
export interface Asked {
  readonly provider: Provider;
  readonly baseUrl: string;
  /** The one that is configured. */
  readonly model: string | undefined;
  readonly signal: AbortSignal;
  /** Reads below that URL, with the key unless `more` says otherwise. */
  reader(root: string): Get;
}

export type Get = (url: string, more?: Partial<HttpRequest>) => Promise<Answer>;

/** No host has this one: how it says so tells whether the route is there. */
export const NO_ID = 'video_sora_doctor_0000';

/** Takes the first answer for one, whatever its status says: some hosts answer 500 about an id that they do not know. */
export const ONCE: Partial<HttpRequest> = { settles: () => true };

/** Whether the answer about an id that nobody has shows that the route is there. Throws when it is not. */
export function servedBy(answer: Answer, fix: string): string {
  const { status, host } = answer;
  if (status === 401 || status === 402 || status === 403 || status === 429 || status > 500) throw refusal(answer);
  const said = parseJson(answer.text);
  const isJson = said !== undefined;
  const message = reasonIn(said) ?? failureOf(answer).message;
  if (isJson && status < 300) return 'is served';
  const isThere = status !== 405 && !NO_ROUTE.test(message) && !isUnsupported(answer);
  if (isJson && isThere) return `is served (it answers ${status} for an id that does not exist, as it should)`;
  const told = isJson ? oneLine(answer.redact(message), 120) : 'something that is not JSON';
  throw new SoraError('refused', `${host} does not serve it: it answered ${status} with ${told}`, { hint: fix });
}

/** eachlabs puts the name of the status into `error`, and what it is about into `details`. */
function reasonIn(said: unknown): string | undefined {
  const details = objectIn(said)?.details;
  return typeof details === 'string' && details.trim() !== '' ? details : undefined;
}

/** Whether the host lists what it has made: `list --remote` needs that, lost requests are found by it, and nothing else is. */
export function listQuestion(check: string, { provider, signal }: Asked): Question {
  return {
    check,
    isExtra: true,
    async ask() {
      const page = await provider.list?.({ limit: 1 }, { signal });
      return page ? `is served${page.videos.length === 0 ? '; no videos yet' : ''}` : 'this backend lists no videos';
    },
  };
}

/** How servers say that they have no such route at all, and not that there is nothing of that id. */
const NO_ROUTE =
  /^"?(?:not found|404 page not found|page not found|method not allowed|cannot get\b|no route\b|no static resource|invalid url\b|route\b.*not found|the requested url)/i;

/** Throws what a status, or a code in the body that is not 200, means. */
export function objectOf(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const said = objectIn(jsonOf(answer));
  if (said?.code !== undefined && said.code !== 200 && typeof said.code === 'number') {
    throw refusal({ ...answer, status: said.code });
  }
  if (said) return said;
  throw new SoraError('refused', `${answer.host} gave an unexpected answer: ${failureOf(answer).message}`, {
    hint: `${checkBaseUrl(answer)}.`,
  });
}

export function objectIn(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}
