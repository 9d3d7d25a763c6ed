/** A copy of the home that an earlier build made (fixtures/make-home-1.js says how), for one test. */
import { cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Machine, makeMachine } from './cli.ts';

const FIXTURE = new URL('../../fixtures/home-1/', import.meta.url);

/** An hour and a half after the first command of that user, and a few minutes after the last one. */
export const AFTERWARDS = Date.parse('2026-01-05T10:20:00Z');

/** One request as it was asked for, and what became of it. */
export interface EarlierRequest {
  readonly title: string;
  readonly args: readonly string[];
  /** Its `--key`. */
  readonly key: string;
  readonly jobId: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly request: EarlierJob['request'];
  readonly fingerprint: string;
  /** As it was sent, where it is JSON without a picture. */
  readonly body?: unknown;
}

export interface EarlierJob {
  readonly id: string;
  readonly status: string;
  readonly key?: string;
  readonly request: { readonly prompt: string };
}

const read = (path: string): string => readFileSync(new URL(path, FIXTURE), 'utf8');

export const REQUESTS = JSON.parse(read('requests.json')) as readonly EarlierRequest[];

export interface EarlierHome extends Machine {
  /** Path of the record of the job whose prompt ends so. */
  job(prompt: string): string;
  /** Path of the record of the character of that name. */
  character(name: string): string;
}

/** `dir` is the folder that its user worked in; its keys are in the home. Removed after the test. */
export function earlierHome(): EarlierHome {
  const machine = makeMachine();
  const root = dirname(machine.home);
  const [home, work] = [join(root, 'home'), join(root, 'work')];
  for (const folder of ['home', 'work']) cpSync(new URL(folder, FIXTURE), join(root, folder), { recursive: true });
  for (const path of filesIn(home)) {
    if (path.endsWith('.json')) writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/tmp/sora-home-1', root));
  }
  // Left behind long ago.
  const locks = (JSON.parse(read('locks.json')) as string[]).map((lock) => join(root, lock));
  for (const lock of locks) mkdirSync(lock);
  for (const path of [...locks, ...filesIn(work)]) utimesSync(path, AFTERWARDS / 1000, AFTERWARDS / 1000);

  const recordIn = (folder: string, belongs: (record: { name?: string; request?: { prompt: string } }) => boolean) => {
    const found = filesIn(join(home, folder)).find((path) => belongs(JSON.parse(readFileSync(path, 'utf8'))));
    if (found === undefined) throw new Error('The earlier home has no such record.');
    return found;
  };
  return {
    ...machine,
    dir: work,
    sora: (args, more = {}) => machine.sora(args, { cwd: work, ...more }),
    job: (prompt) => recordIn('jobs', ({ request }) => request?.prompt.endsWith(prompt) === true),
    character: (name) => recordIn('characters', (one) => one.name === name),
  };
}

/** Paths of all files below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
