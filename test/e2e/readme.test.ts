import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BIN, makeMachine, said } from '../helpers/cli.ts';
import { examplesOf, README, TOPIC_DOCUMENTS } from '../helpers/documents.ts';
import { smallJoe } from '../helpers/joe.ts';

/** The runnable blocks of the documents for users, in the order in which they are read. */
const BLOCKS = [README, ...TOPIC_DOCUMENTS].flatMap(examplesOf);

/** A folder with joe.mp4 and a `sora` on the PATH, as after an installation. */
async function readersMachine() {
  const machine = makeMachine();
  copyFileSync(await smallJoe(), join(machine.dir, 'joe.mp4'));
  const program = join(machine.dir, 'bin', 'sora');
  const env = { ...machine.env, PATH: `${join(machine.dir, 'bin')}:${machine.env.PATH}` };
  return { ...machine, env, program };
}

async function installProgram(program: string): Promise<void> {
  await execa('mkdir', ['-p', join(program, '..')]);
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  chmodSync(program, 0o755);
}

describe('the README', () => {
  it('has examples', () => {
    expect(BLOCKS.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['A tour in ten lines', 'Characters', 'Videos', 'Clips', 'The sandbox', 'The store']),
    );
  });

  it('runs as printed, from the first example to the last', async () => {
    const { dir, env, program } = await readersMachine();
    await installProgram(program);
    const script = BLOCKS.filter(({ kind }) => kind === 'sh')
      .map(({ script }) => script)
      .join('\n');
    const done = await execa('bash', ['-euxc', script], { cwd: dir, env, extendEnv: false, reject: false, all: true });
    expect(done.exitCode, done.all).toBe(0);
  }, 240_000);

  it('serves the sandbox to other programs as printed', async () => {
    const { dir, env, program } = await readersMachine();
    await installProgram(program);
    const port = await freePort();
    const [serve = '', ...calls] = (BLOCKS.find(({ kind }) => kind === 'serve')?.script ?? '')
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
