/** The recipes of `sora help ci`, run as they are printed, twice with one home, against a host that counts. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { BIN } from '../helpers/cli.ts';
import { ROOT } from '../helpers/documents.ts';
import { cachedFfmpegPath } from '../helpers/ffmpeg-cache.ts';
import { film720 } from '../helpers/film.ts';
import { runHere } from '../helpers/here.ts';
import { fittingJoe } from '../helpers/joe.ts';
import { answerCalls, SHELL_FUNCTION } from '../helpers/shell.ts';
import { tempFolder } from '../helpers/temp.ts';
import { evaluate, fill, type Job, type Known, readYaml, type Step, type Workflow } from '../helpers/workflow.ts';
import { rendererOf } from '../sandbox/harness.ts';

const TOPIC = readFileSync(`${ROOT}/src/help/ci.md`, 'utf8');
const blockOf = (kind: string): string =>
  new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(TOPIC)?.[1] ?? '';
const WORKFLOW = readYaml(blockOf('yaml')) as unknown as Workflow;
const JOBS = Object.values(WORKFLOW.jobs);
const RUNS = JOBS.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

const promptsOf = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ id: `n${index}`, prompt: `Joe at sea ${index}.`, characters: ['Joe'] })}\n`,
  ).join('');

interface Host {
  readonly url: string;
  /** How many videos and characters it was asked to make. */
  readonly made: () => { readonly videos: number; readonly characters: number };
}

async function createHost(): Promise<Host> {
  const stateDir = await tempFolder();
  const sandbox = await startSandbox({
    ...{ stateDir, ffmpeg: 'none', renderer: rendererOf(readFileSync(await film720())), key: 'paid-for' },
    scenario: { version: 1, jobSeconds: 0.05 },
  });
  onTestFinished(() => sandbox.close());
  const count = (kind: string): number => {
    const folder = join(stateDir, kind);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')).length : 0;
  };
  return { url: sandbox.url, made: () => ({ videos: count('jobs'), characters: count('characters') }) };
}

/** What every machine has: `sora` on the PATH, and what makes it be there. */
function machineIn(dir: string): Record<string, string> {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const program = (name: string, script: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program('sora', `exec "${process.execPath}" "${BIN}" "$@"`);
  program('npm', '[ "$*" = "install --global ./sora.tgz" ] && [ -f sora.tgz ]');
  return { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: dir, SORA_FFMPEG: cachedFfmpegPath, CI: 'true' };
}

interface Run {
  /** Of each job, how it ended; with the output of its steps. */
  readonly ends: Readonly<Record<string, { readonly ok: boolean; readonly log: string }>>;
  readonly artifacts: string;
  readonly summaries: string;
}

interface GitHub {
  /** One run of the workflow, all jobs after those that they need. */
  run(known: Known): Promise<Run>;
  /** What is at the tip of the branch. */
  show(path: string): string;
  commits(): number;
}

/** A repository with prompts and a cast, and what keeps caches and artifacts. */
async function createGitHub(prompts: number): Promise<GitHub> {
  const dir = await tempFolder();
  const calls = await answerCalls(dir);
  onTestFinished(calls.close);
  const env = { ...machineIn(dir), ...calls.env };
  const git = (...args: string[]): string => execFileSync('git', args, { env, encoding: 'utf8' });
  const [origin, first, caches] = [join(dir, 'origin'), join(dir, 'first'), join(dir, 'caches')];
  mkdirSync(caches);
  git('init', '-q', '--bare', '-b', 'main', origin);
  git('clone', '-q', origin, first);
  git('-C', first, 'checkout', '-q', '-b', 'main');
  const here = { dir: first, env: { ...env, SORA_HOME: join(dir, 'first-home') } };
  const create = ['character', 'create', await fittingJoe(), '--name', 'Joe', '--local'];
  for (const args of [create, ['character', 'export', '-o', 'cast.json', '--with-clips']]) {
    const { exitCode, stderr } = await runHere(here, args);
    expect(exitCode, stderr).toBe(0);
  }
  writeFileSync(join(first, 'prompts.jsonl'), promptsOf(prompts));
  writeFileSync(join(first, 'sora.tgz'), '');
  git('-C', first, 'add', '.');
  git('-C', first, '-c', 'user.name=me', '-c', 'user.email=me@localhost', 'commit', '-qm', 'prompts');
  git('-C', first, 'push', '-q', 'origin', 'main');

  async function run(given: Known): Promise<Run> {
    const artifacts = mkdtempSync(join(dir, 'artifacts-'));
    const ends: Record<string, { ok: boolean; log: string }> = {};
    let summaries = '';

    async function runJob(name: string, job: Job, shard: string): Promise<void> {
      const workspace = mkdtempSync(join(dir, `${name}-`));
      const known: Known = { ...given, 'github.workspace': workspace, 'matrix.shard': shard, 'always()': 'true' };
      const filled = (text: string): string => fill(text, known);
      const variables = Object.entries(WORKFLOW.env).map(([key, value]) => [key, filled(value)]);
      let ok = true;
      let log = '';
      const act = async ({ uses = '', run: script, with: options = {} }: Step): Promise<boolean> => {
        const option = (key: string): string => filled(options[key] ?? '');
        const paths = option('path').trim().split('\n');
        switch (uses) {
          case '': {
            const summary = join(workspace, '..', `summary-${name}-${shard}.md`);
            writeFileSync(summary, '');
            const done = await execa('bash', ['-e', '-c', `${SHELL_FUNCTION}${filled(script ?? '')}`], {
              ...{ cwd: workspace, extendEnv: false, reject: false, all: true, stdin: 'ignore' },
              env: { ...env, ...Object.fromEntries(variables), GITHUB_STEP_SUMMARY: summary },
            });
            log += done.all ?? '';
            summaries += readFileSync(summary, 'utf8');
            return done.exitCode === 0;
          }
          case 'actions/checkout@v4':
            expect(option('ref')).toBe('refs/heads/main');
            git('clone', '-q', '-b', 'main', origin, workspace);
            return true;
          case 'actions/cache/restore@v4': {
            const usable = readdirSync(caches).filter((key) => key.startsWith(option('restore-keys')));
            const key = usable.includes(option('key')) ? option('key') : usable.toSorted().at(-1);
            if (key !== undefined) cpSync(join(caches, key), join(workspace, paths[0] ?? ''), { recursive: true });
            return true;
          }
          case 'actions/cache/save@v4': {
            // A cache is written once.
            if (existsSync(join(caches, option('key')))) return false;
            const from = join(workspace, paths[0] ?? '');
            if (existsSync(from)) cpSync(from, join(caches, option('key')), { recursive: true });
            return true;
          }
          case 'actions/upload-artifact@v4':
            for (const name of readdirSync(workspace)) {
              if (!paths.some((path) => matches(name, path))) continue;
              cpSync(join(workspace, name), join(artifacts, option('name'), name), { recursive: true });
            }
            return true;
          case 'actions/download-artifact@v4':
            for (const name of readdirSync(artifacts)) {
              if (matches(name, option('name') || option('pattern')))
                cpSync(join(artifacts, name), workspace, { recursive: true });
            }
            return true;
          default:
            throw new Error(`The recipe uses ${uses}, which is not known here.`);
        }
      };
      for (const step of job.steps) {
        const wanted = step.if === undefined ? ok : evaluate(step.if, known) !== '' && (ok || /always/.test(step.if));
        if (wanted && !(await act(step))) ok = false;
      }
      ends[name + shard] = { ok, log };
    }

    for (const [name, job] of Object.entries(WORKFLOW.jobs)) {
      const needed = Object.entries(ends).filter(([other]) => job.needs !== undefined && other.startsWith(job.needs));
      const isReady = job.needs === undefined || (needed.length > 0 && needed.every(([, { ok }]) => ok));
      if (!isReady && job.if !== 'always()') continue;
      await Promise.all((job.strategy?.matrix.shard ?? ['']).map((shard) => runJob(name, job, shard)));
    }
    return { ends, artifacts, summaries };
  }

  return {
    run,
    show: (path) => git('-C', origin, 'show', `main:${path}`),
    commits: () => Number(git('-C', origin, 'rev-list', '--count', 'main')),
  };
}

/** Names, with a `*` at the end or alternatives in braces. */
function matches(name: string, pattern: string): boolean {
  const [, alternatives] = /^\{(.*)\}$/.exec(pattern) ?? [];
  return (alternatives ?? pattern)
    .split(',')
    .some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
}

const OWN = { 'github.event_name': 'push', 'github.run_attempt': '1', 'github.ref': 'refs/heads/main' };
const keysFor = (host: Host): Known => ({ 'vars.OPENAI_BASE_URL': host.url, 'secrets.OPENAI_API_KEY': 'paid-for' });

const logsOf = ({ ends }: Run): string =>
  Object.values(ends)
    .map(({ log }) => log)
    .join('\n');
const stateOf = ({ ends }: Run): Record<string, boolean> =>
  Object.fromEntries(Object.entries(ends).map(([name, { ok }]) => [name, ok]));
const ALL_OK = { cast: true, shard1: true, shard2: true, shard3: true, merge: true };

describe('the recipe for GitHub Actions', () => {
  it('keeps each home whatever happens, by a key of its own for each run, and ends before its job does', () => {
    for (const { steps, 'timeout-minutes': limit } of JOBS) {
      for (const { run = '' } of steps) {
        for (const [, minutes] of run.matchAll(/--timeout (\d+)m/g))
          expect(Number(minutes)).toBeLessThan(Number(limit));
      }
      const [restore] = steps.filter(({ uses }) => uses?.includes('cache/restore'));
      const [save] = steps.filter(({ uses }) => uses?.includes('cache/save'));
      expect(save?.with?.key).toBe(restore?.with?.key);
      if (!save) continue;
      expect(save).toMatchObject({ if: 'always()', with: { key: expect.stringContaining('github.run_id') } });
    }
    expect(RUNS.filter((run) => run.includes('batch run')).every((run) => /--timeout \d+m/.test(run))).toBe(true);
    // Nothing but sora, git and npm.
    const programs = new Set(RUNS.flatMap((run) => run.trim().split('\n')).map((line) => line.split(' ')[0]));
    expect([...programs].toSorted()).toEqual(['git', 'npm', 'sora']);
    expect(RUNS.flatMap((run) => run.trim().split('\n')).length).toBeLessThanOrEqual(12);
  });

  it('P2: makes ten videos in three shards once, with two runs: files, summary, journal and cast are kept', async () => {
    const host = await createHost();
    const github = await createGitHub(10);
    const first = await github.run({ ...OWN, ...keysFor(host), 'github.run_id': '1001' });
    expect(stateOf(first), logsOf(first)).toEqual(ALL_OK);
    expect(host.made()).toEqual({ videos: 10, characters: 1 });
    const videos = join(first.artifacts, 'videos');
    expect(readdirSync(join(videos, 'out'))).toHaveLength(10);
    const results = readFileSync(join(videos, 'results.jsonl'), 'utf8').trim().split('\n');
    expect(results.map((line) => JSON.parse(line).state)).toEqual(Array.from({ length: 10 }, () => 'done'));
    // Three shards and the merge.
    expect(first.summaries.match(/^# Batch /gm)).toHaveLength(4);
    expect(github.commits()).toBe(2);
    expect(JSON.parse(github.show('cast.json')).characters[0].registrations).toHaveLength(1);
    for (const shard of [1, 2, 3]) expect(github.show(`prompts.jsonl.journal.${shard}of3.jsonl`)).toContain('"sent"');

    const second = await github.run({ ...OWN, ...keysFor(host), 'github.run_id': '1002' });
    expect(stateOf(second), logsOf(second)).toEqual(ALL_OK);
    expect(host.made()).toEqual({ videos: 10, characters: 1 });
    expect(readdirSync(join(second.artifacts, 'videos', 'out'))).toHaveLength(10);
  }, 240_000);

  it('makes a pull request in the sandbox, from a fork too, and asks no host', async () => {
    const host = await createHost();
    const github = await createGitHub(2);
    const fork = { 'github.event_name': 'pull_request', 'github.ref': 'refs/heads/main' };
    // It sees no secrets.
    const run = await github.run({ ...OWN, ...fork, 'github.run_id': '1', 'vars.OPENAI_BASE_URL': host.url });
    expect(stateOf(run), logsOf(run)).toEqual(ALL_OK);
    expect(host.made()).toEqual({ videos: 0, characters: 0 });
    expect(readdirSync(join(run.artifacts, 'videos', 'out'))).toHaveLength(2);
    expect(github.commits()).toBe(1);
  }, 240_000);

  it.each([
    ['without its key', 2, { 'secrets.OPENAI_API_KEY': '' }, /answered 401/],
    ['beyond $5 in all', 14, {}, /\$5\.60/],
  ])(
    'fails %s, makes nothing, and goes to no other host',
    async (_title, prompts, more, said) => {
      const host = await createHost();
      const github = await createGitHub(prompts);
      const run = await github.run({ ...OWN, ...keysFor(host), 'github.run_id': '1', ...more });
      expect(Object.values(stateOf(run))).toContain(false);
      expect(host.made().videos).toBe(0);
      expect(logsOf(run)).toMatch(said);
      expect(logsOf(run)).not.toContain('sandbox');
      expect(existsSync(join(run.artifacts, 'videos', 'out'))).toBe(false);
    },
    120_000,
  );
});

describe('the recipe for every night', () => {
  it('P2: makes what is new each night, and nothing twice', async () => {
    const host = await createHost();
    const dir = await tempFolder();
    const [, command = ''] = /^0 2 \* \* \* (.*)\n$/.exec(blockOf('cron')) ?? [];
    const env = { ...machineIn(dir), OPENAI_BASE_URL: host.url, OPENAI_API_KEY: 'paid-for' };
    const videos = join(dir, 'videos');
    mkdirSync(videos);
    copyFileSync(await fittingJoe(), join(videos, 'joe.mp4'));
    const create = ['character', 'create', 'joe.mp4', '--name', 'Joe', '--local'];
    expect((await runHere({ dir: videos, env, homeDir: dir }, create)).exitCode).toBe(0);
    for (const [lines, made] of [
      [2, 2],
      [2, 2],
      [3, 3],
    ] as const) {
      writeFileSync(join(videos, 'prompts.jsonl'), promptsOf(lines));
      const night = await execa('sh', ['-c', command], { cwd: dir, env, extendEnv: false, reject: false });
      expect(night.exitCode, readFileSync(join(videos, 'sora.log'), 'utf8')).toBe(0);
      expect(host.made()).toEqual({ videos: made, characters: 1 });
      expect(readdirSync(join(videos, 'out'))).toHaveLength(made);
    }
    expect(readFileSync(join(videos, 'summary.md'), 'utf8')).toMatch(/^# Batch /);
  }, 120_000);
});
