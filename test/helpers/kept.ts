/** What the fixed ffmpeg made of the same arguments and the same input before, kept from one run of the tests to the next. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
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

/**
 * Where the only output of such a run of ffmpeg is kept, whether it was made before or not; undefined where it may have other
 * outputs or inputs than the files that stand among its arguments.
 */
function keptPath(program: string, args: readonly string[], input: Uint8Array | undefined): string | undefined {
  const output = args.at(-1) ?? '';
  if (!isAbsolute(output) || /\.(m3u8|mpd|ffconcat|txt)$/.test(output)) return undefined;
  const words: string[] = [extname(output)];
  for (const [index, arg] of args.slice(0, -1).entries()) {
    if (/^concat$|^concat:|%\d*d/.test(arg)) return undefined;
    if (isAbsolute(arg)) {
      if (args[index - 1] !== '-i' || !existsSync(arg) || !statSync(arg).isFile()) return undefined;
      words.push(extname(arg), createHash('sha256').update(readFileSync(arg)).digest('hex'));
    } else if (arg.includes(tmpdir())) return undefined;
    else words.push(arg);
  }
  const folder = keptBy(program);
  return folder && join(folder, `${hashOf([words, input ? Buffer.from(input).toString('base64') : ''])}.made`);
}

/** Gives the run of ffmpeg its output by what was kept, or runs it and keeps that, unless it said something or failed. */
export async function runOnce<R extends { readonly code: number; readonly stdout: Buffer; readonly stderr: string }>(
  { program, args, input }: { program: string; args: readonly string[]; input: Uint8Array | undefined },
  run: () => Promise<R>,
): Promise<R | { readonly code: 0; readonly stdout: Buffer; readonly stderr: string }> {
  const kept = keptPath(program, args, input);
  const output = args.at(-1) ?? '';
  if (kept && existsSync(kept)) {
    await copyFile(kept, output);
    return { code: 0, stdout: Buffer.alloc(0), stderr: '' };
  }
  const result = await run();
  if (kept && result.code === 0 && result.stdout.length === 0 && result.stderr === '') {
    const unfinished = `${kept}.${randomUUID()}`;
    await copyFile(output, unfinished);
    await rename(unfinished, kept);
  }
  return result;
}
