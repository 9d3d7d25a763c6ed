/** What the fixed ffmpeg made of the same arguments and the same input before, kept from one run of the tests to the next. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, isAbsolute, join } from 'node:path';

/** The folder it is in, by content alone, so that runs at once may share it. Set by `once.setup.ts`. */
export const KEPT_FOLDER = 'SORA_TEST_KEPT';

/** A folder in it for what this program makes; undefined outside of a run. Another build of it has another one. */
export function keptBy(program: string): string | undefined {
  const root = process.env[KEPT_FOLDER];
  if (!root) return undefined;
  const path = realpathSync(program);
  const { size, mtimeMs } = statSync(path);
  const folder = join(root, hashOf([path, size, mtimeMs]));
  mkdirSync(folder, { recursive: true });
  return folder;
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

/** Of a run of ffmpeg that made a file or said something. */
export interface Run {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Order {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: Uint8Array | undefined;
}

/** Longer ones are not kept: pictures, of which there are many. */
const MAX_STDOUT_BYTES = 2_000_000;

/**
 * Where what comes of such a run is kept, whether it was made before or not; undefined where it may have other outputs than
 * its last argument, or other inputs than the files that stand among them.
 */
function keptPath({ program, args, input }: Order): string | undefined {
  const output = args.at(-1) ?? '';
  if (/\.(m3u8|mpd|ffconcat|txt)$/.test(output) || (!isAbsolute(output) && !isStdout(output))) return undefined;
  const words: string[] = [isStdout(output) ? output : extname(output)];
  for (const [index, arg] of args.slice(0, -1).entries()) {
    if (/^concat$|^concat:|%\d*d|:\/\//.test(arg)) return undefined;
    if (isAbsolute(arg)) {
      if (args[index - 1] !== '-i' || !existsSync(arg) || !statSync(arg).isFile()) return undefined;
      words.push(extname(arg), createHash('sha256').update(readFileSync(arg)).digest('hex'));
    } else if (arg.includes(tmpdir())) return undefined;
    else words.push(arg);
  }
  const folder = keptBy(program);
  return folder && join(folder, `${hashOf([words, input ? Buffer.from(input).toString('base64') : ''])}.made`);
}

const isStdout = (output: string): boolean => output === '-' || output === 'pipe:1';

/** Gives a run its outcome by what was kept, or runs it and keeps that: its file, unless it said something, or what it wrote to stdout. */
export async function runOnce(order: Order, run: () => Promise<Run>): Promise<Run> {
  const kept = keptPath(order);
  if (kept === undefined) return run();
  const output = order.args.at(-1) ?? '';
  if (isStdout(output)) {
    if (existsSync(kept)) return parse(await readFile(kept));
    const result = await run();
    if (result.stdout.length <= MAX_STDOUT_BYTES) await keep(kept, (path) => writeFile(path, format(result)));
    return result;
  }
  if (existsSync(kept)) {
    await copyFile(kept, output);
    return { code: 0, stdout: Buffer.alloc(0), stderr: '' };
  }
  const result = await run();
  const isSilent = result.stdout.length === 0 && result.stderr === '';
  if (result.code === 0 && isSilent) await keep(kept, (path) => copyFile(output, path));
  return result;
}

/** Others may keep the same at the same time, and read it at any. */
async function keep(kept: string, write: (path: string) => Promise<void>): Promise<void> {
  const unfinished = `${kept}.${randomUUID()}`;
  await write(unfinished);
  await rename(unfinished, kept);
}

/** A line of JSON, and stdout as it is. */
function format({ code, stdout, stderr }: Run): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ code, stderr })}\n`), stdout]);
}

function parse(kept: Buffer): Run {
  const end = kept.indexOf('\n');
  const { code, stderr } = JSON.parse(kept.subarray(0, end).toString()) as Pick<Run, 'code' | 'stderr'>;
  return { code, stderr, stdout: kept.subarray(end + 1) };
}
