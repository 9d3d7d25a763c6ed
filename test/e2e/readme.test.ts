import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, makeMachine, said } from '../helpers/cli.ts';
import { type Document, examplesOf, README, SKILL, TOPIC_DOCUMENTS } from '../helpers/documents.ts';
import { cachedFfmpegPath } from '../helpers/ffmpeg-cache.ts';
import { smallJoe } from '../helpers/joe.ts';
import { answerCalls, type Calls, listening, SHELL_FUNCTION } from '../helpers/shell.ts';

/** For users. */
const WITH_EXAMPLES = [README, ...TOPIC_DOCUMENTS, SKILL].filter((document) =>
  examplesOf(document).some(({ kind }) => kind === 'sh'),
);

/** What needs the characters or the videos of the one before it, on a machine of its own; the rest is read in one more. */
const AFTER_ANOTHER = ['characters', 'videos', 'batches', 'storyboards', 'costs'].map(
  (topic) => `src/help/${topic}.md`,
);

/** Most of their time is that of jobs, so that they are read at the same time. */
const READERS: readonly (readonly Document[])[] = [
  WITH_EXAMPLES.filter((document) => document === README),
  WITH_EXAMPLES.filter(({ path }) => AFTER_ANOTHER.includes(path)),
  WITH_EXAMPLES.filter((document) => document !== README && !AFTER_ANOTHER.includes(document.path)),
];

/** A folder with joe.mp4 and a `sora` on the PATH, as after an installation. */
async function readersMachine(dir: string) {
  copyFileSync(await smallJoe(), join(dir, 'joe.mp4'));
  const program = join(dir, 'bin', 'sora');
  mkdirSync(join(program, '..'));
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  chmodSync(program, 0o755);
  const base = { HOME: dir, SORA_HOME: join(dir, 'home'), SORA_FFMPEG: cachedFfmpegPath, CI: '1' };
  return { dir, env: { ...base, PATH: `${join(dir, 'bin')}:${process.env.PATH ?? ''}` } };
}

describe('the README', () => {
  it('and most of the help topics have examples', () => {
    expect(WITH_EXAMPLES).toContain(README);
    expect(WITH_EXAMPLES.length).toBeGreaterThan(TOPIC_DOCUMENTS.length / 2);
  });

  describe('and its help topics', () => {
    const folders: string[] = [];
    const read: Calls[] = [];
    const ends = new Map<string, Promise<{ exitCode?: number | undefined; all: string }>>();

    beforeAll(async () => {
      for (const documents of READERS) {
        const folder = mkdtempSync(join(tmpdir(), 'sora-e2e-'));
        folders.push(folder);
        const machine = await readersMachine(folder);
        const calls = await answerCalls(folder);
        read.push(calls);
        const readOne = async (document: Document) => {
          const scripts = examplesOf(document).filter(({ kind }) => kind === 'sh');
          // The README says it once, for the reader's shell.
          const chosen = document === README ? {} : { SORA_PROVIDER: 'sandbox' };
          const script = [SHELL_FUNCTION, ...scripts.map((one) => one.script)].join('\n');
          return execa('bash', ['-euxc', script], {
            ...{ cwd: folder, env: { ...machine.env, ...calls.env, ...chosen }, extendEnv: false },
            ...{ reject: false, all: true, stdin: 'ignore' },
          });
        };
        let before: Promise<unknown> = Promise.resolve();
        for (const document of documents) {
          const end = before.then(() => readOne(document));
          ends.set(document.path, end);
          before = end;
        }
        void before.finally(() => calls.close());
      }
    });

    afterAll(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    it.each(WITH_EXAMPLES.map(({ path }) => path))(
      '%s: runs as printed, from the first example to the last',
      async (path) => {
        const done = await ends.get(path);
        expect(done?.exitCode, done?.all).toBe(0);
      },
      480_000,
    );

    it('call sora many times, and mostly without a process', () => {
      expect(read.flatMap(({ commands }) => commands).length).toBeGreaterThan(80);
    });
  });

  it('serves the sandbox to other programs as printed', async () => {
    const { dir, env } = await readersMachine(makeMachine().dir);
    const port = await freePort();
    const [serve = '', ...calls] = (
      TOPIC_DOCUMENTS.flatMap(examplesOf).find(({ kind }) => kind === 'serve')?.script ?? ''
    )
      .replaceAll('4010', String(port))
      .trim()
      .split('\n');
    const server = execa('bash', ['-c', `exec ${serve}`], { cwd: dir, env, extendEnv: false, reject: false });
    await said(server, 'stdout', 'OPENAI_API_KEY');
    const answers: unknown[] = [];
    for (const call of calls)
      answers.push(JSON.parse((await execa('bash', ['-c', call], { cwd: dir, env, extendEnv: false })).stdout));
    expect(answers).toMatchObject([
      { object: 'video', status: 'queued', seconds: '4', prompt: 'A lighthouse.' },
      { object: 'list', data: [{ prompt: 'A lighthouse.' }] },
    ]);
    server.kill('SIGINT');
    expect(await server).toMatchObject({ exitCode: 0 });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
