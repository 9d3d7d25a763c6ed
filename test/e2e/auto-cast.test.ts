/** The question about a name that the prompt says, as a person at a terminal sees it. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BIN, type Machine, makeMachine, said } from '../helpers/cli.ts';
import { quickened } from '../helpers/here.ts';
import { bringJoe } from '../helpers/joe.ts';

/** A terminal for the built program: that of util-linux, whose options are its own. */
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

async function withJoe(): Promise<Machine> {
  const machine = makeMachine({ SORA_PROVIDER: 'sandbox' });
  await bringJoe(machine.home);
  const made = await quickened(machine).sora(['character', 'sync', 'Joe']);
  expect(made.exitCode, made.stderr).toBe(0);
  return machine;
}

/** What the command says at a terminal, with these keys pressed once it asks, and how it ends. */
async function atTerminal({ env, dir }: Machine, words: string, keys: string): Promise<{ exit: number; text: string }> {
  const { CI: _, ...open } = env;
  const command = `'${process.execPath}' '${BIN}' ${words}`;
  const run = execa('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    ...{ cwd: dir, env: { ...open, TERM: 'xterm', NO_COLOR: '1' }, extendEnv: false, reject: false },
    ...{ stdin: 'pipe', all: true },
  });
  await said(run, 'stdout', '[Y/n]');
  run.stdin.write(keys);
  const { exitCode, all } = await run;
  return { exit: exitCode ?? -1, text: all };
}

describe.skipIf(!hasTerminal)('at a terminal (needs script of util-linux)', { timeout: 60_000 }, () => {
  it.each([
    ['Enter', '\r', { autoCast: ['Joe'], characters: ['Joe'] }],
    ['n', 'n\r', { characters: [] }],
  ])('a prompt that says Joe is sent after the question, as %s says', async (_title, keys, job) => {
    const machine = await withJoe();
    const { exit, text } = await atTerminal(machine, "video generate 'Joe waves.'", keys);
    expect(exit, text).toBe(0);
    expect(text).toContain('The prompt says Joe, of your cast. Send the video with this character? [Y/n]');
    const { stdout } = await machine.sora(['video', 'show', '@last', '--json']);
    expect(JSON.parse(stdout)).toMatchObject(job);
  });

  it.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('nothing is sent after %s: exit 130', async (_title, keys) => {
    const machine = await withJoe();
    const { exit, text } = await atTerminal(machine, "video generate 'Joe waves.'", keys);
    expect(exit, text).toBe(130);
    expect(readdirSync(machine.home)).not.toContain('jobs');
    expect(readdirSync(join(machine.home, 'sandbox', 'jobs'))).toEqual([]);
  });
});
