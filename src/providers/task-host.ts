/**
 * What hosts of tasks share: a request begins a piece of work, which is asked about until it is over, and what it has made is
 * a URL, or a character. Functions with hooks: a host says what it is asked, and reads its own answers.
 */

import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  ambiguousCreate,
  answerWithoutId,
  bodyOf,
  isQuota,
  isUnsupported,
  unreadableAnswer,
} from '../http/answer.ts';
import { jsonBody } from '../http/body.ts';
import { characterError, isNotServed } from '../http/errors.ts';
import { checkNamedUrl, isSuccess, openWithUrlRefresh } from '../http/ranged-content.ts';
import { isMasked } from '../http/redact.ts';
import type { Call } from '../http/request.ts';
import { urlExists } from '../http/url-exists.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type {
  JobCall,
  NewClip,
  NewVideo,
  Provider,
  ProviderOptions,
  RemoteCharacter,
  RemoteVideo,
  UploadedClip,
  WireRequest,
} from './provider.ts';
import { type Route, tellRefusedCharacters } from './route.ts';
import { settleTask } from './settle-task.ts';

export interface RemoteTask {
  readonly video: RemoteVideo;
  /** What it has made, as the host writes it. */
  readonly output?: unknown;
  /** Where the host says that it may be asked, as it is written there. */
  readonly pollUrl?: string | undefined;
}

interface Seen extends RemoteTask {
  /** The beginning of the answer, for a message. */
  readonly said: string;
}

export interface TaskRequest {
  readonly url: string;
  readonly body: object;
}

export interface TaskHooks {
  /** What the host calls itself, and a piece of work. */
  readonly title: string;
  readonly noun: 'task' | 'prediction' | 'request';
  /** How long what was made can be had, as an end of a sentence. */
  readonly keeps?: string;
  /** Where a task may be asked; the id is one segment of a path, and `model` what its record says that it was sent to. */
  taskUrl(id: string, model: string | undefined): string;

  /** What begins a video. Uploads what it needs first. */
  prepareVideo(input: NewVideo, call: Call): Promise<TaskRequest>;
  describeVideo(input: NewVideo, call: Call): Promise<WireRequest>;
  /** Brings a file to where the host's models can read it. */
  uploadClip(input: NewClip, call: Call): Promise<UploadedClip>;
  /** What begins a character, once its clip is there. Absent where the host makes none. */
  prepareCharacter?(input: { readonly name: string; readonly clipUrl: string }, call: Call): Promise<TaskRequest>;
  /** The request that would begin a character, with the clip described; undefined where nobody can say. */
  describeCharacter?(name: string): WireRequest;

  /** The answer with the status that it means, where a host says it in the body. */
  statusOf?(answer: Answer): Answer;
  /** What a success brings; throws `refuse` for everything else. */
  open(answer: Answer): unknown;
  /** The task that a create has begun; undefined where none is named. */
  decodeCreated(content: unknown, answer: Answer): RemoteTask | undefined;
  /** The task of that id; undefined where the answer does not speak of one. */
  decode(content: unknown, answer: Answer, id: string): RemoteTask | undefined;
  /** A task that has failed, where its answer looks like a refusal of the question. */
  decodeFailed?(answer: Answer, id: string): RemoteTask | undefined;
  /** What has come of a task, where the host is asked that in a question of its own; undefined where it knows nothing of it. */
  readResult?(id: string, call: JobCall, video?: RemoteVideo): Promise<RemoteTask | undefined>;
  /** The error for an answer that is no success. */
  refuse(answer: Answer): SoraError;

  urlIn(output: unknown): string | undefined;
  characterIn?(output: unknown): RemoteCharacter | undefined;
}

export interface TaskHost {
  /** Undefined when the host does not know the task. */
  readTask(id: string, call: JobCall): Promise<RemoteTask | undefined>;
  /** Where a task is asked about: as the host has told it, else as its id tells. */
  urlOf(id: string, call: Omit<JobCall, 'signal'>): string;
  /** What every host of tasks offers. */
  readonly provider: Pick<
    Provider,
    | 'name'
    | 'baseUrl'
    | 'backend'
    | 'characters'
    | 'clips'
    | 'describeVideo'
    | 'createVideo'
    | 'getVideo'
    | 'openContent'
  >;
}

export function createTaskHost(
  { name, route, ...options }: ProviderOptions & { readonly name: string; readonly route: Route },
  hooks: TaskHooks,
): TaskHost {
  const { baseUrl, http, sleep = (ms, signal) => delay(ms, undefined, { signal }) } = options;
  const { root } = route;
  const { title, noun, statusOf = (answer) => answer } = hooks;
  /** Where tasks say that they may be asked, as long as this object lives. */
  const pollUrls = new Map<string, string>();

  function remember(task: RemoteTask, answer: Answer, model?: string): Seen {
    const { id } = task.video;
    const url = ownUrl(task.pollUrl, root);
    if (url !== undefined) pollUrls.set(id, url);
    // A record keeps what its own id does not tell.
    const isOdd = url !== undefined && url !== hooks.taskUrl(id, model);
    return { ...task, video: isOdd ? { ...task.video, pollUrl: url } : task.video, said: bodyOf(answer) };
  }

  function urlOf(id: string, { model, pollUrl }: Omit<JobCall, 'signal'>): string {
    return pollUrls.get(id) ?? ownUrl(pollUrl, root) ?? hooks.taskUrl(id, model);
  }

  function begunBy(answer: Answer, model?: string): Seen {
    const task = hooks.decodeCreated(hooks.open(answer), answer);
    return remember(task ?? answerWithoutId(answer, noun), answer, model);
  }

  /** Begins a video: this is what costs money. */
  async function submit({ url, body }: TaskRequest, call: JobCall): Promise<Seen> {
    return begunBy(await route.create(url, jsonBody(body), call), call.model);
  }

  /** Begins a character, which not every host makes; one that says so has done nothing. */
  async function submitCharacter({ url, body }: TaskRequest, call: Call): Promise<Seen> {
    const answer = await route.create(url, jsonBody(body), call, { settles: isUnsupported });
    const told = statusOf(answer);
    // An error inside a success that is no such word may come after the work was begun: `open` judges it.
    if (!isSuccess(answer) || isNotServed(told)) throw characterError(told, hooks.refuse(told));
    return begunBy(answer);
  }

  async function readTask(id: string, call: JobCall): Promise<Seen | undefined> {
    const answer = await http.send(route.read(urlOf(id, call), call));
    const failed = hooks.decodeFailed?.(answer, id);
    if (failed) return remember(failed, answer, call.model);
    if (statusOf(answer).status === 404) return undefined;
    const task = hooks.decode(hooks.open(answer), answer, id);
    if (!task) throw unreadableAnswer(answer, `the ${noun}`);
    const seen = remember(task, answer, call.model);
    if (!hooks.readResult || seen.video.status !== 'succeeded') return seen;
    const result = await hooks.readResult(id, call, seen.video);
    return result && { ...seen, ...result };
  }

  /** Throws why the task has failed; `ambiguous` when it made a character and does not say which. */
  function characterOf(task: Seen): RemoteCharacter {
    if (task.video.failure) throw taskError(task);
    const character = hooks.characterIn?.(task.output);
    if (character) return character;
    const made = `${noun.replace(/^./, (letter) => letter.toUpperCase())} ${task.video.id} made a character`;
    throw ambiguousCreate(`${made} and does not say its id: ${task.said}`);
  }

  async function outputUrl(id: string, call: JobCall): Promise<string> {
    const task = await (hooks.readResult ?? readTask)(id, call);
    if (!task) throw noVideo(`${title} does not know ${id}, or keeps it no longer.`);
    const { status, remoteStatus, failure } = task.video;
    if (failure) throw taskError(task);
    if (status !== 'succeeded') throw noVideo(`The video is not finished: ${title} calls it ${remoteStatus}.`);
    const url = hooks.urlIn(task.output);
    if (url === undefined) throw noVideo(`${title} calls the video finished, and names no video.`);
    return checkNamedUrl(url, root);
  }

  function taskError({ video: { id, remoteStatus, failure } }: RemoteTask): SoraError {
    const message = `The ${noun} ${id} of ${title} is ${remoteStatus}: ${failure?.message}`;
    if (failure?.policy) return new SoraError('policy', message, { hint: POLICY_HINT });
    return failure && isQuota(failure)
      ? new SoraError('budget', message, { hint: 'Add credit at the host, then try again.' })
      : new SoraError('refused', message, { hint: CORRECT_HINT });
  }

  function noVideo(message: string): SoraError {
    const keeps = hooks.keeps === undefined ? '' : `The host keeps videos ${hooks.keeps}. `;
    return new SoraError('refused', message, { hint: `${keeps}Look with: sora video status` });
  }

  const waiting = { noun, sleep, ask: readTask };
  const { prepareCharacter } = hooks;
  return {
    readTask,
    urlOf,
    provider: {
      ...{ name, baseUrl, backend: undefined },
      clips: {
        upload: hooks.uploadClip,
        has: (url, { signal }) => urlExists(url, { http, root, signal }),
      },
      ...(prepareCharacter && {
        characters: {
          isDocumented: true,
          ...(hooks.describeCharacter && { describe: hooks.describeCharacter }),

          async create({ name: own, ...clip }, call) {
            const { url: clipUrl } = await hooks.uploadClip(clip, call);
            const request = await prepareCharacter({ name: own, clipUrl }, call);
            await call.onSend?.();
            const begun = await submitCharacter(request, call);
            const { id } = begun.video;
            await call.onPending?.(id);
            return characterOf((await settleTask(waiting, id, begun, call)) ?? begun);
          },

          async resume(taskId, call) {
            const task = await settleTask(waiting, taskId, undefined, call);
            return task && characterOf(task);
          },
        },
      }),

      describeVideo: hooks.describeVideo,

      async createVideo(input, call) {
        // Refuses what cannot be asked for before anything is uploaded.
        await hooks.describeVideo(input, call);
        const request = await hooks.prepareVideo(input, call);
        const asked = { ...call, model: input.model };
        return (await tellRefusedCharacters(input, () => submit(request, asked))).video;
      },

      async getVideo(id, call) {
        return (await readTask(id, call))?.video;
      },

      async openContent(id, request, call) {
        if (request.variant !== 'video') {
          throw new SoraError('usage', `${title} does not make a ${request.variant}.`, {
            hint: `Download the video itself: leave out ${option('variant')}.`,
          });
        }
        return openWithUrlRefresh(http, async () => route.read(await outputUrl(id, call), call), request);
      },
    },
  };
}

export const CORRECT_HINT = 'Correct what the host complains about, then try again.';

export const POLICY_HINT =
  'Hosts block the likeness of real people by default: use a drawn or generated character. Else reword the prompt.';

/** An address in an answer that may be asked with the key: of the base URL's own origin. */
function ownUrl(text: string | undefined, root: string): string | undefined {
  if (text === undefined || isMasked(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.origin === new URL(root).origin ? url.href : undefined;
}
