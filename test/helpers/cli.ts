import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { onTestFinished } from 'vitest';
import { cachedFfmpegPath } from './ffmpeg-cache.ts';

export const BIN = fileURLToPath(new URL('../../bin/sora.js', import.meta.url));
export const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** A user's machine: an empty home, an empty folder, and nothing in the environment but what is named. */
export interface Machine {
  readonly dir: string;
  readonly home: string;
  readonly env: Record<string, string>;
  /** Runs the built program as a user would; never rejects for an exit code. */
  sora(args: readonly string[], more?: RunOptions): ResultPromise<typeof RUN>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
}

const RUN = { reject: false, extendEnv: false, stripFinalNewline: true } as const;

/** Removed after the test. */
export function makeMachine(env: Readonly<Record<string, string>> = {}): Machine {
  const dir = mkdtempSync(join(tmpdir(), 'sora-e2e-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const home = join(dir, 'home');
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: dir,
    SORA_HOME: home,
    SORA_FFMPEG: cachedFfmpegPath,
    CI: '1',
    ...env,
  };
  return {
    dir,
    home,
    env: base,
    sora: (args, { env: more = {}, input, cwd = dir } = {}) => {
      const merged = Object.fromEntries(
        Object.entries({ ...base, ...more }).filter((pair) => pair[1] !== undefined),
      ) as Record<string, string>;
      return execa(process.execPath, [BIN, ...args], {
        ...RUN,
        cwd,
        env: merged,
        ...(input === undefined ? { stdin: 'ignore' } : { input }),
      }) as ResultPromise<typeof RUN>;
    },
  };
}

/** Resolves when the running program has written `text`; what it writes is still collected. */
export function said(
  run: { readonly stdout: Readable; readonly stderr: Readable },
  from: 'stdout' | 'stderr',
  text: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    run[from].on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(text)) resolve();
    });
    run[from].on('end', () => reject(new Error(`"${text}" was never said, but: ${all}`)));
  });
}
