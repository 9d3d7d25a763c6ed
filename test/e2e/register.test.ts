import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CharacterJson } from '../../src/characters/record.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { type Machine, makeMachine, said } from '../helpers/cli.ts';
import { quickened } from '../helpers/here.ts';
import { variablesAt } from '../helpers/hosts.ts';
import { bringJoe } from '../helpers/joe.ts';
import { tempFolder } from '../helpers/temp.ts';
import { rendererOf } from '../sandbox/harness.ts';

const SYNC = ['character', 'sync', 'Joe'];

interface Team extends Machine {
  /** Joe's record as it is on the disk. */
  joe(): CharacterJson;
  /** How many tasks the host has that make a character. */
  creates(): number;
}

/** A machine with Joe, who is registered nowhere, and a host that makes characters by tasks. */
async function withHost(scenario: object): Promise<Team> {
  const machine = makeMachine();
  const { home, env } = machine;
  const stateDir = await tempFolder();
  const renderer = rendererOf(Buffer.alloc(0));
  const sandbox = await startSandbox({ stateDir, ffmpeg: 'none', renderer, scenario: { version: 1, ...scenario } });
  onTestFinished(() => sandbox.close());
  const variables = variablesAt(new URL(sandbox.url).origin, 'sandbox', ['wavespeed']);
  Object.assign(env, { ...variables, SORA_PROVIDER: 'wavespeed' });
  const settings = { version: 1, profiles: { default: { model: 'openai/sora-2/text-to-video' } } };
  await bringJoe(home);
  writeFileSync(join(home, 'config.json'), JSON.stringify(settings), { mode: 0o600 });
  const folder = join(home, 'characters');
  return {
    ...machine,
    joe() {
      const [record = ''] = readdirSync(folder).filter((name) => /^[^.].*\.json$/.test(name));
      return JSON.parse(readFileSync(join(folder, record), 'utf8'));
    },
    creates() {
      const tasks = join(stateDir, 'jobs');
      const records = readdirSync(tasks).filter((name) => name.endsWith('.json'));
      return records.filter((name) => readFileSync(join(tasks, name), 'utf8').includes('"char_')).length;
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('It never came to that.');
    await delay(10);
  }
}

/** Starts a command and kills it, as nothing could be prepared for, once the record says what `when` looks for. */
async function killWhen(team: Team, when: (joe: CharacterJson) => boolean): Promise<void> {
  const run = team.sora(SYNC);
  await until(() => when(team.joe()));
  run.kill('SIGKILL');
  expect((await run).signal).toBe('SIGKILL');
}

it('P2: Ctrl-C while a character is being made leaves its task and the command that goes on, where settings are kept too', async () => {
  const team = await withHost({ jobSeconds: 600 });
  const run = team.sora(SYNC);
  await said(run, 'stderr', 'Registering');
  await until(() => team.joe().pending?.[0]?.taskId !== undefined);
  // Twice, as `timeout` does it.
  run.kill('SIGINT');
  run.kill('SIGINT');
  const { exitCode, stderr } = await run;
  expect(exitCode, stderr).toBe(8);
  expect(stderr).toContain(team.joe().pending?.[0]?.taskId);
  expect(stderr).toContain('Continue with: sora character sync Joe');
}, 60_000);

describe('P2: kill -9 while a character is being made', { timeout: 120_000 }, () => {
  it('between the answer and the first question: the next command goes on with that task, and makes no other', async () => {
    const team = await withHost({ jobSeconds: 1 });
    await killWhen(team, ({ pending }) => pending?.[0]?.taskId !== undefined);
    expect(team.joe()).toMatchObject({ registrations: [], pending: [{ provider: 'wavespeed', name: 'Joe' }] });
    const next = await quickened(team).sora([...SYNC, '-q']);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(next.stdout).toMatch(/^char_/);
    expect(team.joe().registrations.map(({ value }) => value)).toEqual([next.stdout]);
    expect(team.joe()).not.toHaveProperty('pending');
    expect(team.creates()).toBe(1);
  });

  it('while its request is under way: nothing is sent again until the user says so', async () => {
    const slow = { match: { path: '/openai/sora-2/characters' }, times: 1, delayMs: 3_000 };
    const team = await withHost({ jobSeconds: 0, rules: [slow] });
    await killWhen(team, ({ pending }) => pending !== undefined);
    expect(team.joe().pending?.[0]).not.toHaveProperty('taskId');
    const { sora } = quickened(team);
    const next = await sora(SYNC);
    expect(next).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(/Look for "Joe" .*--resend/s) });
    const generate = ['video', 'generate', 'Joe waves.', '-c', 'Joe', '--allow-retired'];
    expect(await sora(generate)).toMatchObject({ exitCode: 7, stdout: '' });
    const again = await sora([...SYNC, '--resend', '-q']);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(team.joe()).not.toHaveProperty('pending');
  });

  it('between two that want the same at once: the other takes over, and one is made', async () => {
    const team = await withHost({ jobSeconds: 1 });
    const other = killWhen(team, ({ pending }) => pending?.[0]?.taskId !== undefined).then(() => team.sora(SYNC));
    const both = await Promise.all([team.sora(SYNC), other]);
    expect(
      both.map(({ exitCode }) => exitCode),
      both.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    expect(team.joe().registrations).toHaveLength(1);
    expect(team.creates()).toBe(1);
    expect(existsSync(join(team.home, 'jobs'))).toBe(false);
  });
});
