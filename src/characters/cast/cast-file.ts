/** A cast file and the clips beside it, read and checked. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exists, machineError } from '../../disk/atomic-write.ts';
import { readFileOrPipe, readStream } from '../../disk/bounded-read.ts';
import { decodeText } from '../../disk/decode-text.ts';
import { hashFile } from '../../disk/hash.ts';
import { MAX_TEXT_BYTES, openRegular } from '../../disk/read-file.ts';
import { parseJson, unusableFile } from '../../disk/schema.ts';
import { isWithin } from '../../disk/within.ts';
import { PROVIDER_NAMES } from '../../providers/index.ts';
import type { KeptFile } from '../../shared/character.ts';
import { isSoraError, SoraError, systemCode } from '../../shared/errors.ts';
import type { Reporter } from '../../shared/reporter.ts';
import { listOf } from '../../shared/text.ts';
import { nounOf } from '../lack.ts';
import { type Cast, type CastCharacter, decodeCast, unknownProviders } from './cast-format.ts';

/** The names under which a system has standard input. */
const STDIN: ReadonlySet<string> = new Set(['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0']);

/** A pipe that goes on and on is given up. */
const PIPE_MS = 30_000;

export interface ReadCastOptions {
  /** What `/dev/stdin` stands for. */
  readonly stdin?: { readonly stream: Readable; readonly isTTY: boolean };
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Reads a cast file, or a cast out of a pipe, which has no clips beside it. Throws SoraError `usage` for a path where none
 * is and for a file that is none, and the signal's reason.
 */
export async function readCast(path: string, options: ReadCastOptions = {}): Promise<Cast> {
  const { stdin, signal, timeoutMs = PIPE_MS } = options;
  const bounds = { maxBytes: MAX_TEXT_BYTES, timeoutMs, signal };
  try {
    const isStdin = stdin !== undefined && STDIN.has(path);
    if (isStdin && stdin.isTTY) throw new Error('it is a terminal');
    const { bytes, isPipe } = isStdin
      ? { bytes: await readStream(stdin.stream, bounds), isPipe: true }
      : await readFileOrPipe(path, bounds);
    const text = decodeText(bytes, { called: `The cast ${path}`, file: path });
    if (isPipe && text.trim() === '') throw new Error('it gave nothing');
    const characters = decodeCast(parseJson(text));
    return { path, characters: isPipe ? characters.map((one) => ({ ...one, paths: {} })) : characters };
  } catch (error) {
    signal?.throwIfAborted();
    if (isSoraError(error)) throw error;
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new SoraError('usage', `There is no cast file ${path}.`, {
        hint: 'Make one: sora character export -o cast.json',
        cause: error,
      });
    }
    if (code === 'EISDIR')
      throw new SoraError('usage', `${path} is a folder, not a cast file.`, {
        hint: 'Name the JSON file that sora character export wrote.',
        cause: error,
      });
    if (code !== undefined) throw machineError(error, 'read', path, 'user');
    const repair = 'It is a file that sora character export wrote.';
    throw unusableFile('usage', { subject: `The cast ${path}`, error, repair });
  }
}

/** Where a file would lie, by what the cast says. */
export function pathBeside(cast: Cast, path: string): string {
  return join(dirname(cast.path), ...path.split('/'));
}

/**
 * The absolute path of a character's clip, picture or other file beside the cast, or undefined when none is there. Throws `usage`
 * when a link leads out of the folder, and `clip` when its content is not the one that it is named by.
 */
export async function castFile(
  cast: Cast,
  { character: { name }, paths }: CastCharacter,
  file: KeptFile,
): Promise<string | undefined> {
  const beside = paths[file.sha256];
  if (beside === undefined) return undefined;
  const path = pathBeside(cast, beside);
  if (!(await exists(path))) return undefined;
  const what = nounOf(file);
  try {
    const real = await realpath(path);
    if (!(await isWithin(dirname(cast.path), real))) {
      throw new SoraError('usage', `The ${what} of ${name} points outside the folder of the cast: ${path}`, {
        hint: `Put the ${what} itself there instead of the link.`,
      });
    }
    if ((await lstat(real)).isFile() && (await hashFile(real)) === file.sha256) return real;
  } catch (error) {
    throw machineError(error, 'read', path, 'user');
  }
  throw new SoraError('clip', `The ${what} of ${name} is not the one in the cast file: ${path}`, {
    hint: 'Fetch the file again (a Git LFS pointer is not the file itself).',
  });
}

/** `<file without .json>.clips`, beside the cast. */
export function clipFolder(castPath: string): string {
  return `${basename(castPath).replace(/\.json$/i, '')}.clips`;
}

/** Copies a clip or another file to a new file, or with `w` over one of the caller's own; on the disk when it returns. Throws `clip` when its content is not what it should be. */
export async function copyClip(from: string, to: string, sha256: string, flags: 'wx' | 'w' = 'wx'): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(
    (await openRegular(from)).createReadStream(),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(to, { flags, flush: true }),
  );
  if (hash.digest('hex') !== sha256)
    throw new SoraError('clip', `${from} is damaged.`, {
      hint: 'Restore it from a backup, or make the character again: sora character create <clip> --name <name> --force',
    });
}

/** What a cast says of hosts that nobody here can speak to is kept, and used by nobody. */
export function warnOfProviders(reporter: Pick<Reporter, 'warn'>, cast: Cast): void {
  const unknown = unknownProviders(cast, PROVIDER_NAMES);
  if (unknown.length === 0) return;
  reporter.warn(
    `${cast.path} has registrations with ${listOf(unknown)}, which this sora does not know. They are kept and not used.`,
  );
}
