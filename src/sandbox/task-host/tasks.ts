/** Tasks as resellers run them: a model, its inputs, and a job that makes a video or a character. */

import type { Player } from '../faults/scenario.ts';
import { type JobRecord, viewJob, WEEK_MS } from '../jobs.ts';
import type { Outputs } from '../render/outputs.ts';
import { newId, type State } from '../state.ts';
import { type Inputs, isObject, Refusal, readInputs } from './fields.ts';
import { frameOf, labelOf, type ModelSpec, mostSecondsOf, secondsOf } from './models.ts';
import {
  checkCharacterClip,
  checkReferenceClips,
  type ReferenceClip,
  type References,
  totalSeconds,
} from './references.ts';

/** What every dialect of tasks is made of. */
export interface TaskOptions {
  readonly state: State;
  readonly references: References;
  readonly outputs: Outputs;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The one key that is accepted; without it, any. */
  readonly key: string | undefined;
  /** Until so many milliseconds have passed; rejects when the sandbox is closed. */
  readonly sleep: (ms: number) => Promise<unknown>;
  /** `http://127.0.0.1:PORT`, once it is known. */
  readonly origin: () => string;
}

export interface NewTask {
  /** The name of its dialect. */
  readonly host: string;
  /** What the ids of its tasks begin with. */
  readonly idKind: string;
  readonly model: ModelSpec;
  readonly input: unknown;
  readonly player: Player;
  /** For so many milliseconds it is held back, before it is in the queue. */
  readonly heldMs?: number;
}

type Deps = Pick<TaskOptions, 'state' | 'references' | 'now'>;

/** Throws Refusal on inputs that the host would not take. */
export async function addTask(deps: Deps, task: NewTask): Promise<JobRecord> {
  const { state, now } = deps;
  const { host, idKind, model, player, heldMs = 0 } = task;
  if (!isObject(task.input)) throw new Refusal(400, 'The inputs must be a JSON object.');
  const inputs = readInputs(model.fields, task.input);
  const clips = await Promise.all(inputs.clips.map(deps.references.clip));
  const picture = await firstPicture(deps, inputs);
  const shown = await charactersOf(deps, host, inputs);
  const { characterClips, references } = model;
  if (characterClips) for (const clip of clips) checkCharacterClip(clip, characterClips);
  if (references) checkReferenceClips(clips, references);

  const fate = player.fate();
  const createdMs = now();
  const durationMs = heldMs + (fate.jobSeconds ?? player.jobSeconds) * 1000;
  const [width, height] = fate.made?.size?.split('x').map(Number) ?? [];
  const wished = characterClips ? { width: 0, height: 0 } : frameOf(inputs, picture);
  const seconds = secondsOf(inputs);
  const character = characterClips ? { id: newId('char'), name: inputs.name } : undefined;
  if (!character) shown.push(...(await mentioned(clips, inputs.prompt, model.marker)));
  const job = await state.addJob(
    {
      ...{ version: 1, id: newId(idKind), host, createdMs, durationMs },
      ...{ prompt: inputs.prompt, model: fate.made?.model ?? model.id, shown, extensions: 0, fate },
      ...(fate.made?.model !== undefined && { askedModel: model.id }),
      width: width ?? wished.width,
      height: height ?? wished.height,
      seconds: Number(fate.made?.seconds ?? seconds),
      input: task.input,
      cost: priceOf(model, inputs, clips),
      mostCost: priceOf(model, inputs, clips, mostSecondsOf(model, inputs)),
      ...(heldMs > 0 && { heldMs }),
      ...(picture ? { picture: picture.type } : {}),
      ...(character ? { character } : {}),
    },
    picture?.bytes,
  );
  const [clip] = clips;
  if (character && clip && fate.fail === undefined && fate.end === undefined) {
    const record = { version: 1, ...character, host, createdMs: createdMs + durationMs } as const;
    await state.addCharacter(record, clip.bytes);
  }
  return job;
}

/** What it would cost at most. Links that lead nowhere yet count nothing: a price is asked before a clip is sent. */
export async function quoteTask({ references }: Pick<Deps, 'references'>, model: ModelSpec, input: unknown) {
  if (!isObject(input)) throw new Refusal(400, 'The inputs must be a JSON object.');
  const inputs = readInputs(model.fields, input);
  const found = await Promise.all(inputs.clips.map((link) => references.clip(link).catch(unlessRefused)));
  return priceOf(
    model,
    inputs,
    found.filter((clip) => clip !== undefined),
    mostSecondsOf(model, inputs),
  );
}

/** Until a task is final, or for good. Throws Refusal when it is too late. */
export async function cancelTask({ state, now }: Pick<Deps, 'state' | 'now'>, job: JobRecord): Promise<void> {
  const { phase } = viewJob(job, now());
  if (phase !== 'queued' && phase !== 'running') throw new Refusal(400, `It is over: it cannot be cancelled.`);
  if (job.character) await state.removeCharacter(job.character.id);
  await state.changeJob({ ...job, cancelledMs: now() });
}

/** A task as its host sees it now: content is kept for a week. */
export function viewTask(job: JobRecord, nowMs: number) {
  const view = viewJob(job, nowMs, WEEK_MS);
  // A word of the scenario's in place of success: nothing came out.
  return { ...view, made: view.phase === 'done' && job.fate.end === undefined && job.deletedMs === undefined };
}

/** No request waits longer for its task. */
const LONGEST_WAIT_MS = 60_000;

/** Waits until the task should be over, and tells what the clock says then. */
export async function untilOver(
  { createdMs, durationMs }: JobRecord,
  { now, sleep }: Pick<TaskOptions, 'now' | 'sleep'>,
): Promise<number> {
  const leftMs = Math.min(LONGEST_WAIT_MS, createdMs + durationMs - now());
  if (leftMs > 0) await sleep(leftMs);
  return now();
}

/** Where its video can be had: signed for a time, where its fate, or its host, says for how long. */
export function outputUrl(origin: string, job: JobRecord, nowMs: number, keepSeconds?: number): string {
  const { linkSeconds = keepSeconds } = job.fate;
  const until = linkSeconds === undefined ? '' : `?expires=${nowMs + linkSeconds * 1000}`;
  return `${origin}/files/${job.id}.mp4${until}`;
}

export function isModeration(code: string): boolean {
  return /moderation|nsfw|policy|sentinel|^safety\b/i.test(code);
}

async function charactersOf({ state, now }: Deps, host: string, { characters, prompt }: Inputs) {
  const shown: { id: string; name: string }[] = [];
  for (const id of characters) {
    const record = await state.character(id, host);
    if (!record || record.createdMs > now()) {
      throw new Refusal(404, `Character with id '${id.slice(0, 100)}' not found.`);
    }
    if (prompt.includes(record.name)) shown.push({ id, name: record.name });
  }
  return shown;
}

async function firstPicture({ references }: Deps, { pictures }: Inputs) {
  const found = await Promise.all(pictures.map(references.picture));
  return found.find((picture) => picture !== undefined);
}

async function mentioned(clips: readonly ReferenceClip[], prompt: string, marker: string | undefined) {
  const shown: { id: string; name: string }[] = [];
  for (const [index, clip] of clips.entries()) {
    const name = labelOf(prompt, index + 1, marker);
    if (name !== undefined) shown.push({ id: await clip.save(), name });
  }
  return shown;
}

function priceOf(
  model: ModelSpec,
  inputs: Inputs,
  clips: readonly ReferenceClip[],
  seconds = secondsOf(inputs),
): number {
  const frame = frameOf(inputs, undefined);
  const cost = model.price({
    seconds,
    short: Math.min(frame.width, frame.height),
    inputSeconds: totalSeconds(clips),
  });
  return Number(cost.toFixed(6));
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error;
}
