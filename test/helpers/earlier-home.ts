/** A copy of the home that an earlier build made (fixtures/make-home-1.js says how), for one test. */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Machine, makeMachine, type RunOptions } from './cli.ts';
import { quickened, type Ran } from './here.ts';

const FIXTURE = new URL('../../fixtures/home-1/', import.meta.url);
const FROZEN = fileURLToPath(new URL('../../fixtures/frozen.cjs', import.meta.url));

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
  readonly remoteId?: string;
  readonly progress?: number;
  readonly updatedAt: string;
  readonly request: { readonly prompt: string };
}

const read = (path: string): string => readFileSync(new URL(path, FIXTURE), 'utf8');

export const REQUESTS = JSON.parse(read('requests.json')) as readonly EarlierRequest[];

/** All hosts of that user at once. */
export interface FarEnds {
  readonly port: number;
  /** In their order: `GET gateway.example.com/v1/videos/video_9`. */
  readonly requests: string[];
}

/** A body, or a status and a body. */
export type Answer = object | readonly [status: number, body: object];

/** `answers` by what is asked, as in `requests`, each for good; 404 for the rest. Closed after the test. */
export async function farEnds(answers: Readonly<Record<string, Answer>> = {}): Promise<FarEnds> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const { pathname } = new URL(request.url ?? '', 'http://far.example.com');
    const asked = `${request.method} ${request.headers.host}${pathname}`;
    requests.push(asked);
    const answer = answers[asked] ?? [404, { error: { message: 'There is no such thing.', code: 'not_found' } }];
    const [status, body] = (Array.isArray(answer) ? answer : [200, answer]) as [number, object];
    response.setHeader('date', new Date(AFTERWARDS).toUTCString());
    const type = Buffer.isBuffer(body) ? 'video/mp4' : 'application/json';
    response.writeHead(status, { 'content-type': type }).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests };
}

export interface EarlierHome extends Machine {
  /** The same as `sora` without a process, at the same moment; for what asks no host. */
  here(args: readonly string[], more?: RunOptions): Promise<Ran>;
  /** The record of the job whose prompt ends so, as it is now. */
  job(prompt: string): EarlierJob;
  /** Path of that record. */
  jobPath(prompt: string): string;
  /** Path of the record of the character of that name. */
  characterPath(name: string): string;
}

/**
 * `dir` is the folder that its user worked in; the keys are in the home. What `sora` runs finds the clock at `AFTERWARDS`
 * and its hosts at `ends`, where these are given, else nowhere. Removed after the test.
 */
export function earlierHome(ends?: FarEnds): EarlierHome {
  const machine = makeMachine({
    NODE_OPTIONS: `--require "${FROZEN}"`,
    FROZEN_AT: new Date(AFTERWARDS).toISOString(),
    // A port that nobody may listen at.
    FROZEN_PORT: String(ends?.port ?? 1),
  });
  const root = dirname(machine.home);
  const [home, work] = [join(root, 'home'), join(root, 'work')];
  for (const folder of ['home', 'work']) cpSync(new URL(folder, FIXTURE), join(root, folder), { recursive: true });
  for (const path of filesIn(home)) {
    // What git does not keep.
    chmodSync(path, 0o600);
    if (path.endsWith('.json')) writeFileSync(path, readFileSync(path, 'utf8').replaceAll('/tmp/sora-home-1', root));
  }
  const locks = (JSON.parse(read('locks.json')) as string[]).map((lock) => join(root, lock));
  for (const lock of locks) mkdirSync(lock);
  for (const path of [...locks, ...filesIn(work)]) utimesSync(path, AFTERWARDS / 1000 - 600, AFTERWARDS / 1000 - 600);

  const pathIn = (folder: string, belongs: (record: { name?: string; request?: EarlierJob['request'] }) => boolean) => {
    const records = filesIn(join(home, folder)).filter((path) => path.endsWith('.json'));
    const found = records.find((path) => belongs(JSON.parse(readFileSync(path, 'utf8'))));
    if (found === undefined) throw new Error('The earlier home has no such record.');
    return found;
  };
  const jobPath = (prompt: string) => pathIn('jobs', ({ request }) => request?.prompt.endsWith(prompt) === true);
  return {
    ...machine,
    dir: work,
    sora: (args, more = {}) => machine.sora(args, { cwd: work, ...more }),
    here: (args, more = {}) => quickened(machine, { atMs: AFTERWARDS }).sora(args, { cwd: work, ...more }),
    job: (prompt) => JSON.parse(readFileSync(jobPath(prompt), 'utf8')),
    jobPath,
    characterPath: (name) => pathIn('characters', (one) => one.name === name),
  };
}

/** Paths of all files below a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
