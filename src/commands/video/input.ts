/** What a user asks for with `sora video`: read, completed with defaults, and refused in one go where it cannot be. Needs no host. */

import { resolve } from 'node:path';
import { requireCharacter } from '../../characters/find.ts';
import { framingOf } from '../../characters/fit-cast.ts';
import type { Context } from '../../context.ts';
import { decodeText, requireReadable } from '../../disk/decode-text.ts';
import { MAX_PICTURE_BYTES } from '../../media/picture/read-picture.ts';
import { purposeOf } from '../../settings/choose-provider.ts';
import type { Character } from '../../shared/character.ts';
import type { Focus, Framing } from '../../shared/clip.ts';
import { isSoraError, SoraError, throwProblems } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import type { CostLimits } from '../../shared/money.ts';
import { listOf } from '../../shared/text.ts';
import { readStdin } from '../../terminal/stdin.ts';
import { chooseSize, sizeWishOf, type VideoInput } from '../../videos/choose-size.ts';
import { checkTarget, type Output, wasSavedAs } from '../../videos/output-target.ts';
import { checkReference } from '../../videos/reference-image.ts';

export interface FollowFlags {
  readonly output?: string;
  /** Seconds, for the whole command. */
  readonly timeout: number;
  /** Seconds. */
  readonly pollInterval?: number;
  readonly force: boolean;
  readonly allowDrift: boolean;
  /** Whether what a video shows is looked at; true unless given. */
  readonly isChecked?: boolean;
  /** Options that were typed and only mean something to a wait, as they were typed. */
  readonly waitOnly?: readonly string[];
}

export interface GenerateFlags extends FollowFlags, CostLimits {
  readonly character: readonly string[];
  readonly inject: boolean;
  /** Whether those are cast whom the prompt says without `-c`; undefined where that is not said. */
  readonly autoCast?: boolean;
  readonly model?: string;
  readonly seconds?: number;
  readonly size?: Size;
  readonly aspect?: string;
  readonly resolution?: string;
  readonly reference?: string;
  readonly fit?: Framing['fit'];
  readonly focus?: Focus;
  readonly wait: boolean;
  readonly count: number;
  readonly key?: string;
  readonly resend: boolean;
  readonly allowRetired?: boolean;
  readonly allowUndocumented?: boolean;
  readonly dryRun: boolean;
}

const MAX_PROMPT_BYTES = 1_000_000;

/** Reads and checks all that needs no host. Every problem is named in one refusal. */
export async function readVideoInput(
  context: Context,
  input: GenerateFlags & { prompt: string },
  wait: boolean,
): Promise<VideoInput> {
  const { check, settle } = gatherProblems();
  if (input.prompt === '-' && input.reference === '-')
    throw new SoraError('usage', 'The prompt and the reference cannot both come from stdin.', {
      hint: 'Give one of them as an argument: the prompt in quotes, or --reference picture.png',
    });
  const prompt = await check(() => readPrompt(context, input.prompt));
  const characters: Character[] = [];
  for (const name of input.character) {
    const character = await check(() => requireCharacter(context, name, { mayBeNew: true }));
    if (character && !characters.some((one) => one.name === character.name)) characters.push(character);
  }
  const size = await check(() => chooseSize(sizeWishOf(input), characters[0]));
  const { reference } = input;
  const framing = await check(() => framingOf(input));
  if (reference !== undefined && reference !== '-') await check(() => checkReference(context, reference));
  if (!wait) await check(() => refuseIdle(input));
  else if (!(await isOwnFile(context, input))) await check(() => checkVideoOutput(context, input, input.count));
  // The choice of the host and its key are part of the same refusal.
  await check(() => context.connection(purposeOf(input)));
  settle();
  if (prompt === undefined || size === undefined) throw new Error('what is missing was refused');
  const picture = reference === '-' ? await readStdin(context.runtime, MAX_PICTURE_BYTES) : reference;
  return {
    ...{ prompt, characters, size, sizeWish: sizeWishOf(input), seconds: input.seconds },
    ...(picture !== undefined && { reference: picture }),
    ...(framing && { framing }),
  };
}

/** Runs checks one by one, so that `settle` can throw in one refusal all that they refused. */
export function gatherProblems() {
  const problems: SoraError[] = [];
  return {
    /** What the part returns; undefined when it throws `usage` or `auth`, which are kept for `settle`. */
    async check<T>(part: () => Promise<T> | T): Promise<T | undefined> {
      try {
        return await part();
      } catch (error) {
        if (!isSoraError(error, 'usage') && !isSoraError(error, 'auth')) throw error;
        problems.push(error);
        return undefined;
      }
    },
    settle(): void {
      throwProblems(problems);
    },
  };
}

/** Throws `usage` when something was asked of a wait that there will not be. */
export function refuseIdle({ waitOnly = [] }: Pick<FollowFlags, 'waitOnly'>): void {
  if (waitOnly.length === 0) return;
  throw new SoraError('usage', `${listOf(waitOnly)} ${waitOnly.length === 1 ? 'needs' : 'need'} --wait or -o.`, {
    hint: 'Without one of them the command ends as soon as the job is sent. Wait for it later: sora video wait @last',
  });
}

/** A command that runs again with its --key finds the file that it made the first time. */
export async function isOwnFile(
  { runtime, jobs }: Context,
  { key, output }: Pick<GenerateFlags, 'key' | 'output'>,
): Promise<boolean> {
  if (key === undefined || output === undefined || output === '-') return false;
  const path = resolve(runtime.cwd, output);
  return (await (await jobs()).list()).records.some((job) => job.key === key && wasSavedAs(job, path));
}

/** The prompt, or what stdin says for `-`. Throws `usage` when it says nothing. */
export async function readPrompt(context: Context, text: string): Promise<string> {
  const prompt = text === '-' ? await readPipedPrompt(context) : text;
  requireReadable(prompt, 'The prompt');
  if (prompt.trim() === '')
    throw new SoraError('usage', 'The prompt is empty.', { hint: 'Say what happens in the video.' });
  return prompt;
}

async function readPipedPrompt({ runtime }: Context): Promise<string> {
  const bytes = await readStdin(runtime, MAX_PROMPT_BYTES);
  return decodeText(bytes, { called: 'The prompt on standard input', file: 'prompt.txt' }).replace(/\r?\n$/, '');
}

/** Before anything is sent: throws `usage` where `-o` cannot be written, or is no place for so many videos. */
export async function checkVideoOutput(
  context: Context,
  { output, force }: { output?: string; force: boolean },
  count: number,
): Promise<void> {
  if (output !== '-') return checkTarget(context, { output, force }, count);
  if (count > 1)
    throw new SoraError('usage', '-o - takes one job.', { hint: 'Name a folder with -o to save several videos.' });
  if (context.runtime.stdout.isTTY)
    throw new SoraError('usage', '-o - would write a video to the terminal.', {
      hint: 'Redirect it: … -o - > video.mp4',
    });
}

/** What `-o` names. From `-o -` on the result goes to stderr, because stdout carries the video. */
export function outputOf({ ui, runtime }: Context, { output }: { output?: string }): { output?: Output } {
  if (output === undefined) return {};
  if (output !== '-') return { output };
  ui.resultToStderr();
  return { output: runtime.stdout.stream };
}
