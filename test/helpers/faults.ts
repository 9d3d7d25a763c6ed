/** A user's machine and a host that misbehaves, as they stand before one command: made once, and copied for each. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../src/cli/run.ts';
import { createContext } from '../../src/context.ts';
import { GATEWAY_PROVIDER, type HostName } from '../../src/providers/index.ts';
import { callOf } from '../../src/sandbox/dialects.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { PLAN_VERSION } from '../../src/shared/clip.ts';
import { createUi } from '../../src/terminal/ui.ts';
import { type Json, makeClip, rendererOf } from '../sandbox/harness.ts';
import { writeStandIn } from './fake-ffmpeg.ts';
import { firstModel, variablesAt } from './hosts.ts';
import { runtimeIn, START } from './runtime.ts';
import { sampleCharacter } from './samples.ts';
import { readTree, restoreTree, type Tree } from './tree.ts';

/** From a job's creation to its end. */
export const JOB_SECONDS = 2;

/** Which things are there already: Joe, Joe where the host knows him, and a job with him. */
export type Stage = 'joe' | 'registered' | 'job';

export interface Run {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Requests that begin work, as the host has seen them. */
  readonly creates: number;
  /** Every request, as the host has seen it: `/v1/videos?limit=1`. */
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  /** What the command left: names and contents in its folder, and every name in the home. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly homeFiles: readonly string[];
  readonly jobs: readonly Json[];
}

export interface RunOptions {
  readonly scenario: Json;
  readonly afterSeconds: number;
  /** False for a machine without any: nothing is decoded then. */
  readonly hasFfmpeg?: boolean;
}

export interface World {
  /** Another origin, which gives the film to anybody; what it was sent is kept. */
  readonly elsewhere: { readonly url: string; readonly seen: IncomingHttpHeaders[] };
  /** What every video of the host is. */
  readonly film: Buffer;
  /** The machine at this stage; what a scenario says of jobs has to be said before there is one. */
  prepare(stage: Stage, fates?: Json): Promise<void>;
  /** Runs a command there, so many seconds after the stage was reached, against this scenario. The folder holds an `old.mp4`. */
  run(argv: readonly string[], options: RunOptions): Promise<Run>;
  close(): Promise<void>;
}

export const USER_KEY = 'key-of-the-user';

/** What stands where a video is to be saved. */
export const OLD = Buffer.from('old');

export async function createWorld(dialect: HostName): Promise<World> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'sora-faults-')));
  const at = (name: string): string => join(root, name);
  const stateDir = at('state');
  let clock = { ms: START };
  const log: string[] = [];
  const film = Buffer.from(await (await makeClip({ seconds: 4 })).arrayBuffer());
  const sandbox: Sandbox = await startSandbox({
    stateDir,
    ffmpeg: 'none',
    renderer: rendererOf(film),
    now: () => clock.ms,
    sleep: async (ms) => {
      clock.ms += ms;
    },
    log: (line) => log.push(line),
  });
  const elsewhere = await startElsewhere(film);
  const ffmpeg = await writeStandIn(at('ffmpeg'));
  const env = {
    SORA_PROVIDER: dialect,
    SORA_FFMPEG: ffmpeg,
    ...variablesAt(new URL(sandbox.url).origin, USER_KEY, [dialect]),
  };
  /** The machine and the host of a moment, by its name. */
  const stages = new Map<string, Tree>();
  const keep = (name: string): void => void stages.set(name, readTree(root, ['home', 'state', 'work']));

  async function cli(
    argv: readonly string[],
    startMs: number,
    more: Record<string, string> = {},
  ): Promise<Pick<Run, 'exit' | 'stdout' | 'stderr'>> {
    const options = { env: { ...env, ...more } };
    const { runtime, stdout, stderr, clock: own } = runtimeIn({ dir: at('work'), home: at('home') }, options);
    own.ms = startMs;
    clock = own;
    const exit = await runCli(argv, { ...runtime, nodeVersion: '20.19.0' });
    return { exit, stdout: stdout.text(), stderr: stderr.text() };
  }

  async function makeStage(stage: Stage, fates: Json): Promise<void> {
    if (stage === 'joe') return;
    const command = stage === 'registered' ? ['character', 'sync', 'Joe'] : GENERATE;
    sandbox.play({ version: 1, jobSeconds: JOB_SECONDS, ...fates });
    const { exit, stderr } = await cli(command, START);
    if (exit !== 0) throw new Error(`${command.join(' ')} exited ${exit}: ${stderr}`);
  }

  await mkdir(at('work'));
  await writeFile(at('work/old.mp4'), OLD);
  await writeFile(at('joe.mp4'), Buffer.from(await (await makeClip()).arrayBuffer()));
  await keepJoe({
    home: at('home'),
    dir: at('work'),
    clip: await readFile(at('joe.mp4')),
    ids: await idsProfile(dialect, sandbox),
  });
  const strangerId = await makeStranger(dialect, sandbox, at('joe.mp4'));
  keep('joe');

  async function prepare(stage: Stage, fates: Json = {}): Promise<void> {
    const name = stage === 'job' ? `job-${createHash('sha256').update(JSON.stringify(fates)).digest('hex')}` : stage;
    const tree = stages.get(name);
    if (tree) return restoreTree(root, tree);
    await prepare(stage === 'job' ? 'registered' : 'joe');
    await makeStage(stage, fates);
    keep(name);
  }

  return {
    film,
    elsewhere,
    prepare,
    async run(argv, { scenario, afterSeconds, hasFfmpeg = true }) {
      const text = JSON.stringify({ version: 1, jobSeconds: JOB_SECONDS, ...scenario });
      sandbox.play(JSON.parse(text.replaceAll('{elsewhere}', elsewhere.url)));
      log.length = 0;
      elsewhere.seen.length = 0;
      const words = argv.map((word) => word.replace('{joe}', at('joe.mp4')).replace('{stranger}', strangerId));
      const ran = await cli(words, START + afterSeconds * 1000, hasFfmpeg ? {} : { SORA_FFMPEG: '/none' });
      const names = await readdir(at('work'));
      const contents = names.map(async (name) => [name, await readFile(join(at('work'), name))] as const);
      const jobFiles = (await readdir(at('home/jobs')).catch(() => [])).filter((name) => name.endsWith('.json'));
      return {
        ...ran,
        creates: log.filter(isCreate).length,
        requests: log.map((line) => line.split(' ')).map(([method = '', path = '']) => ({ method, path })),
        files: new Map(await Promise.all(contents)),
        homeFiles: await readdir(at('home'), { recursive: true }),
        jobs: await Promise.all(
          jobFiles.map(async (name) => JSON.parse(await readFile(at(`home/jobs/${name}`), 'utf8'))),
        ),
      };
    },
    async close() {
      await elsewhere.close();
      await sandbox.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const GENERATE = ['video', 'generate', 'A man waves.', '-c', 'Joe', '--seconds', '4'];

function isCreate(line: string): boolean {
  const [method = '', url = ''] = line.split(' ');
  return callOf(method, url.split('?')[0] ?? '') === 'create';
}

/** A profile whose model takes characters by id, where the host's first choice takes clips. */
async function idsProfile(dialect: HostName, { urls }: Sandbox): Promise<Json> {
  return { provider: dialect, baseUrl: urls[dialect], model: await firstModel(dialect, 'id') };
}

/** Joe as `character create --local` leaves him, and a profile named `ids`. */
async function keepJoe(world: { home: string; dir: string; clip: Buffer; ids: Json }): Promise<void> {
  const { runtime } = runtimeIn(world, {});
  const { stdout, stderr } = runtime;
  const ui = createUi({
    stdout,
    stderr,
    json: false,
    quiet: false,
    color: { stdout: false, stderr: false },
    animate: false,
  });
  const context = createContext(runtime, { json: false, quiet: false, debug: false }, ui);
  const store = await context.characters();
  const path = await store.tempClipPath();
  await writeFile(path, world.clip);
  const sha256 = createHash('sha256').update(world.clip).digest('hex');
  const sample = sampleCharacter('Joe');
  const master = { sha256, seconds: 2, width: 1280, height: 720, fps: 24, bytes: world.clip.length };
  const source = { fileName: 'joe.mp4', sha256 };
  await store.keep({ ...sample, clip: { ...sample.clip, master, source, planVersion: PLAN_VERSION } }, path);
  await mkdir(context.paths().config, { recursive: true });
  await writeFile(
    join(context.paths().config, 'config.json'),
    JSON.stringify({ version: 1, profiles: { ids: world.ids } }),
    {
      mode: 0o600,
    },
  );
  await context.close();
}

/** Only OpenAI's dialect can be asked about a character; the others take any id at the user's word. */
async function makeStranger(dialect: HostName, { urls }: Sandbox, clip: string): Promise<string> {
  if (dialect !== GATEWAY_PROVIDER) return 'char_stranger';
  const body = new FormData();
  body.append('name', 'Joe');
  body.append('video', new Blob([await readFile(clip)], { type: 'video/mp4' }), 'joe.mp4');
  const headers = { authorization: `Bearer ${USER_KEY}` };
  const answer = await fetch(`${urls.openai}/videos/characters`, { method: 'POST', headers, body });
  return String(((await answer.json()) as Json).id);
}

async function startElsewhere(film: Buffer) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume();
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': film.length }).end(film);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mp4`, seen, close };
}
