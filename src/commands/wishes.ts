/** What a user wants of a video: read, completed with defaults, and refused in one go where it cannot be. Needs no host. */
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { type Character, type Orientation, orientationOf, type Size } from '../domain.ts';
import { isSoraError, refuseAll, SoraError } from '../errors.ts';
import { requireCharacter } from './character.ts';
import type { FollowFlags } from './follow.ts';
import { checkReference } from './reference.ts';
import { readStdin } from './stdin.ts';
import { checkTarget } from './target.ts';

export interface GenerateFlags extends FollowFlags {
  readonly character: readonly string[];
  readonly inject: boolean;
  readonly model?: string;
  readonly seconds?: number;
  readonly size?: Size;
  readonly aspect?: string;
  readonly resolution?: string;
  readonly reference?: string;
  readonly wait: boolean;
  readonly count: number;
  readonly key?: string;
  readonly resend: boolean;
  readonly dryRun: boolean;
}

const DEFAULT_SECONDS = 4;
const MAX_PROMPT_BYTES = 1_000_000;

export interface Wanted {
  readonly prompt: string;
  readonly characters: readonly Character[];
  readonly size: Size;
  readonly seconds: number;
}

/** Reads and checks all that needs no host. Every problem is named in one refusal. */
export async function gatherWishes(
  context: Context,
  input: GenerateFlags & { prompt: string },
  wait: boolean,
): Promise<Wanted> {
  const problems: SoraError[] = [];
  const check = async <T>(part: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await part();
    } catch (error) {
      if (!isSoraError(error, 'usage') && !isSoraError(error, 'auth')) throw error;
      problems.push(error);
      return undefined;
    }
  };
  if (input.prompt === '-' && input.reference === '-')
    throw new SoraError('usage', 'The prompt and the reference cannot both come from stdin.');
  const prompt = await check(() => readPrompt(context, input.prompt));
  const characters: Character[] = [];
  for (const name of input.character) {
    const character = await check(() => requireCharacter(context, name));
    if (character && !characters.some((one) => one.name === character.name)) characters.push(character);
  }
  const size = await check(() => chooseSize(input, characters[0]));
  const { reference } = input;
  if (reference !== undefined) await check(() => checkReference(context, reference));
  if (wait && !(await isOwnFile(context, input))) await check(() => checkTarget(context, input, input.count));
  // The choice of the host and its key are part of the same refusal.
  await check(() => context.connection());
  if (problems.length === 1 && problems[0]) throw problems[0];
  if (problems.length > 1 || prompt === undefined || size === undefined) {
    const hint = problems.find((problem) => problem.hint !== undefined)?.hint;
    throw refuseAll(
      problems.every(({ code }) => code === 'auth') ? 'auth' : 'usage',
      problems.map(({ message }) => message),
      hint === undefined ? {} : { hint },
    );
  }
  return { prompt, characters, size, seconds: input.seconds ?? DEFAULT_SECONDS };
}

/** A command that runs again with its --key finds the file that it made the first time. */
async function isOwnFile({ host, jobs }: Context, { key, output }: GenerateFlags): Promise<boolean> {
  if (key === undefined || output === undefined || output === '-') return false;
  const path = resolve(host.cwd, output);
  return (await (await jobs()).list()).records.some((job) => job.key === key && job.outputPath === path);
}

async function readPrompt(context: Context, text: string): Promise<string> {
  const prompt =
    text === '-'
      ? new TextDecoder().decode(await readStdin(context.host, MAX_PROMPT_BYTES)).replace(/\r?\n$/, '')
      : text;
  if (prompt.trim() === '')
    throw new SoraError('usage', 'The prompt is empty.', { hint: 'Say what happens in the video.' });
  return prompt;
}

const SHORT_SIDES: Readonly<Record<string, number>> = { '720p': 720, '1080p': 1080 };
const ASPECTS: Readonly<Record<string, Orientation>> = { '16:9': 'landscape', '9:16': 'portrait' };

/** 720p as the first character's clip lies, unless the user says otherwise. */
function chooseSize({ size, aspect, resolution }: GenerateFlags, first: Character | undefined): Size {
  if (size && (aspect !== undefined || resolution !== undefined)) {
    throw new SoraError('usage', '--size cannot be combined with --aspect or --resolution.');
  }
  if (size) return size;
  const short = SHORT_SIDES[resolution ?? '720p'];
  if (short === undefined)
    throw new SoraError('usage', `--resolution ${resolution} is not known.`, {
      hint: 'Take 720p or 1080p, or name pixels with --size.',
    });
  const orientation = aspect === undefined ? orientationOf(first?.master ?? { width: 16, height: 9 }) : ASPECTS[aspect];
  if (orientation === undefined)
    throw new SoraError('usage', `--aspect ${aspect} is not known.`, {
      hint: 'Take 16:9 or 9:16, or name pixels with --size.',
    });
  const long = (short * 16) / 9;
  return orientation === 'landscape' ? { width: long, height: short } : { width: short, height: long };
}
