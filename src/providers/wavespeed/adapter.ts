/** The adapter for WaveSpeedAI: every piece of work is a task, characters too, and files travel by URL. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  ambiguousCreate,
  answerWithoutId,
  isRecord,
  isUnsupported,
  unreadableAnswer,
} from '../../http/answer.ts';
import { jsonBody } from '../../http/body.ts';
import { characterError, isNotServed } from '../../http/errors.ts';
import { checkNamedUrl, openLinked } from '../../http/ranged-content.ts';
import { isMasked } from '../../http/redact.ts';
import type { Call } from '../../http/request.ts';
import { urlExists } from '../../http/url-exists.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { sentence } from '../../shared/text.ts';
import type { ProviderEntry } from '../entry.ts';
import type { NewVideo, Provider, ProviderOptions, Reference, RemoteCharacter, WireRequest } from '../provider.ts';
import { createRoute, pathSegment } from '../route.ts';
import { CHARACTERS_MODEL, WAVESPEED_DEFAULT_MODEL, wavespeedModel } from './models.ts';
import { describePicture, modelPath, videoInputs } from './request.ts';
import { upload } from './upload.ts';
import {
  characterIn,
  decodeTask,
  failedTask,
  isUnknown,
  openEnvelope,
  POLICY_HINT,
  refusalOf,
  type Task,
  urlIn,
  withCodeAsStatus,
} from './wire.ts';

const CHARACTER_POLL_MS = 2000;
/** Ten minutes: a character takes seconds. */
const CHARACTER_POLLS = 300;

export function createWavespeed(entry: ProviderEntry, options: ProviderOptions): Provider {
  const { baseUrl, http } = options;
  const sleep = options.sleep ?? ((ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }));
  const route = createRoute(entry, options);
  const { root } = route;
  /** Where tasks say they may be asked, as long as this object lives. */
  const pollUrls = new Map<string, string>();

  const uploadFile = (file: Parameters<typeof upload>[0], call: Call): ReturnType<typeof upload> =>
    upload(file, { http, route, call });

  function remember(task: Task): Task {
    const url = ownUrl(task.pollUrl, root);
    if (url !== undefined) pollUrls.set(task.video.id, url);
    return task;
  }

  async function submit(model: string, inputs: Record<string, unknown>, call: Call): Promise<Task> {
    return taskOf(await route.create(`${root}/${modelPath(model)}`, jsonBody(inputs), call));
  }

  async function submitCharacter(inputs: Record<string, unknown>, call: Call): Promise<Task> {
    const url = `${root}/${modelPath(CHARACTERS_MODEL)}`;
    const answer = await route.create(url, jsonBody(inputs), call, { settles: isUnsupported });
    const told = withCodeAsStatus(answer);
    if (isNotServed(told)) throw characterError(told, refusalOf(told));
    return taskOf(answer);
  }

  function taskOf(answer: Answer): Task {
    const task = decodeTask(openEnvelope(answer), answer);
    if (task) return remember(task);
    return answerWithoutId(answer, 'task');
  }

  /** Undefined when the host does not know the task. */
  async function readTask(id: string, call: Call): Promise<Task | undefined> {
    const url = pollUrls.get(id) ?? `${root}/predictions/${pathSegment(id)}/result`;
    const answer = await http.send(route.read(url, call));
    const failed = failedTask(answer, id);
    if (failed) return remember(failed);
    if (isUnknown(answer)) return undefined;
    const task = decodeTask(openEnvelope(answer), answer, id);
    if (task) return remember(task);
    throw unreadableAnswer(answer, 'the task');
  }

  /**
   * Waits until a character's task is final. What breaks that off leaves a task that may have been paid for: `pending`.
   * Undefined when a task that was begun by an earlier command is not known to the host.
   */
  async function settle(id: string, begun: Task | undefined, call: Call): Promise<Task | undefined> {
    const lost = (why: string, cause?: unknown): SoraError =>
      new SoraError('pending', sentence(`The character is being made in task ${id}, and ${why}`), {
        hint: 'It continues at the host.',
        ...(cause === undefined ? {} : { cause }),
      });
    let task = begun;
    for (let polls = 0; !task || !isSettled(task); polls++) {
      if (polls === CHARACTER_POLLS) throw lost(`it is still ${task?.video.remoteStatus ?? 'without an answer'}`);
      try {
        if (polls > 0 || task) await sleep(Math.max(CHARACTER_POLL_MS, task?.video.pollAfterMs ?? 0), call.signal);
        const next = await readTask(id, call);
        if (!next && !task) return undefined;
        if (!next) throw new SoraError('refused', 'the host does not know it any more');
        task = next;
      } catch (error) {
        if (call.signal.aborted) throw lost('the wait for it was interrupted', error);
        if (!isSoraError(error, 'network')) {
          throw lost(`it cannot be asked about: ${error instanceof Error ? error.message : error}`, error);
        }
      }
    }
    return task;
  }

  /** Throws why the task has failed; `ambiguous` when it made a character and does not say which. */
  function characterOf(task: Task): RemoteCharacter {
    if (task.video.failure) throw taskError(task);
    const character = characterIn(task.outputs[0]);
    if (character) return character;
    throw ambiguousCreate(`Task ${task.video.id} made a character and does not say its id: ${task.said}`);
  }

  async function outputUrl(remoteId: string, call: Call): Promise<string> {
    const task = await readTask(remoteId, call);
    if (!task) throw noVideo(`The host does not know ${remoteId}, or keeps it no longer.`);
    const { status, remoteStatus, failure } = task.video;
    if (failure) throw taskError(task);
    if (status !== 'succeeded') throw noVideo(`The video is not finished: the host calls it ${remoteStatus}.`);
    const url = urlIn(task.outputs[0]);
    if (url === undefined) throw noVideo('The host calls the video finished, but names no output.');
    return checkNamedUrl(url, root);
  }

  async function pictureUrl(reference: Reference | undefined, call: Call): Promise<string | undefined> {
    if (reference?.kind !== 'bytes') return reference?.url;
    const { bytes, mime, fileName } = reference;
    return (await uploadFile({ content: bytes, mime, fileName }, call)).url;
  }

  const modelOf = (input: NewVideo): string => input.model ?? WAVESPEED_DEFAULT_MODEL;

  function describeVideo(input: NewVideo): WireRequest {
    const body = videoInputs(input, describePicture(input.reference));
    const url = `${root}/${modelPath(modelOf(input))}`;
    return { method: 'POST', url, contentType: 'application/json', body };
  }

  return {
    name: entry.name,
    baseUrl,
    backend: undefined,
    takesCharacters: 'yes',
    limits: (model) => wavespeedModel(model).limits,
    defaultModel: WAVESPEED_DEFAULT_MODEL,

    uploadClip: ({ clipPath, fileName }, call) => uploadFile({ content: clipPath, mime: 'video/mp4', fileName }, call),
    hasClip: (url, { signal }) => urlExists(url, { http, root, signal }),

    async createCharacter({ name, clipPath, fileName }, call) {
      const clip = await uploadFile({ content: clipPath, mime: 'video/mp4', fileName }, call);
      await call.onSend?.();
      const begun = await submitCharacter({ video: clip.url, name }, call);
      const { id } = begun.video;
      await call.onPending?.(id);
      return characterOf((await settle(id, begun, call)) ?? begun);
    },

    async resumeCharacter(taskId, call) {
      const task = await settle(taskId, undefined, call);
      return task && characterOf(task);
    },

    describeCharacter: (name) => ({
      ...{ method: 'POST', url: `${root}/${modelPath(CHARACTERS_MODEL)}`, contentType: 'application/json' },
      body: { video: '<URL of the clip, once it is uploaded>', name },
    }),

    async getCharacter() {
      throw new SoraError('usage', 'WaveSpeedAI cannot be asked about a character.', {
        hint: 'Its characters are known only from your cast: sora character list',
      });
    },

    describeVideo,

    async createVideo(input, call) {
      // Refuses what cannot be asked for before anything is uploaded.
      describeVideo(input);
      const inputs = videoInputs(input, await pictureUrl(input.reference, call));
      return (await submit(modelOf(input), inputs, call)).video;
    },

    async price(input, call) {
      const inputs = videoInputs(input, describePicture(input.reference));
      const body = jsonBody({ model_id: modelOf(input), inputs });
      // Nothing is made, so it is repeated like a read.
      const answer = await http.send(route.read(`${root}/model/price`, call, { method: 'POST', body }));
      return priceIn(openEnvelope(answer));
    },

    async getVideo(remoteId, call) {
      return (await readTask(remoteId, call))?.video;
    },

    async deleteVideo(remoteId, call) {
      const body = jsonBody({ ids: [remoteId] });
      // Deleting twice is deleting once, so it is repeated like a read.
      const answer = await http.send(route.read(`${root}/predictions/delete`, call, { method: 'POST', body }));
      const gone = isUnknown(answer);
      if (!gone) openEnvelope(answer);
      const after = await readTask(remoteId, call);
      if (!after || isDeleted(after)) return !gone;
      throw new SoraError('refused', `The host kept the video: it still calls it ${after.video.remoteStatus}.`, {
        hint: 'Try again later; the host deletes videos by itself after 7 days.',
      });
    },

    async openContent(remoteId, request, call) {
      if (request.variant !== 'video') {
        throw new SoraError('usage', `WaveSpeedAI makes no ${request.variant}.`, {
          hint: 'Download the video itself: leave out --variant.',
        });
      }
      return openLinked(http, async () => route.read(await outputUrl(remoteId, call), call), request);
    },
  };
}

/** An address in an answer that may be asked with the key: of the base URL's own origin. */
function ownUrl(text: string | undefined, root: string): string | undefined {
  if (text === undefined || isMasked(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.origin === new URL(root).origin ? url.href : undefined;
}

/** Dollars: with the discount where there is one. A zero, or another currency, says nothing about what will be paid. */
function priceIn(data: unknown): number | undefined {
  if (!isRecord(data)) return undefined;
  const { currency } = data;
  if (typeof currency === 'string' && currency !== '' && currency.toUpperCase() !== 'USD') return undefined;
  return [data.discounted_price, data.price]
    .filter((value) => typeof value === 'number' || typeof value === 'string')
    .map(Number)
    .find((usd) => Number.isFinite(usd) && usd > 0);
}

function isSettled({ video }: Task): boolean {
  return video.failure !== undefined || video.status === 'succeeded';
}

/** A host may keep the name of a task whose files are gone. */
function isDeleted({ video }: Task): boolean {
  return video.remoteStatus.toLowerCase() === 'deleted';
}

function taskError({ video }: Task): SoraError {
  const message = `The host's task ${video.id} is ${video.remoteStatus}: ${video.failure?.message}`;
  return video.failure?.policy === true
    ? new SoraError('policy', message, { hint: POLICY_HINT })
    : new SoraError('refused', message, { hint: 'Correct what the host complains about, then try again.' });
}

function noVideo(message: string): SoraError {
  return new SoraError('refused', message, {
    hint: 'The host keeps videos for 7 days. Look with: sora video status',
  });
}
