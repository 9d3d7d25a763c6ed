/**
 * What use cases are given: this machine, where things are kept, hosts and settings, as services that are made when they
 * are first asked for. Nothing of a command line: no options, no terminal.
 */
import { isAbsolute, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { CharacterStore } from './characters/store.ts';
import type { CostLedger } from './costs/ledger.ts';
import { type StorePaths, storePaths } from './disk/paths.ts';
import type { Http } from './http/client.ts';
import { proxyOf } from './http/proxy.ts';
import type { FfmpegProgram } from './media/ffmpeg/find.ts';
import type { Ffmpeg } from './media/prepare.ts';
import { hostTitle, PROVIDERS } from './providers/index.ts';
import type { DocumentCache, Provider } from './providers/provider.ts';
import {
  type Configured,
  type Connection,
  chooseProvider,
  connectionOf,
  type Keys,
  type MadePlace,
  type ProviderFlags,
  type Purpose,
} from './settings/choose-provider.ts';
import type { Profile, Settings } from './settings/settings.ts';
import type { Job } from './shared/job.ts';
import { type Reporter, SILENT } from './shared/reporter.ts';
import type { Sender } from './shared/sender.ts';
import type { Clock } from './shared/time.ts';
import type { JobStore } from './videos/jobs/store.ts';

/** This machine, as use cases may see it. Tests make their own. */
export interface Machine {
  /** A copy of the environment, keys included; the process itself no longer has them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws `machine` where it was removed. */
  readonly cwd: string;
  readonly platform: string;
  /** Of Node, such as `20.20.0`; undefined where nobody said. */
  readonly nodeVersion?: string;
  /** Seconds that this machine has been up, asleep or not; undefined where nobody knows. */
  readonly uptimeSeconds?: () => number | undefined;
  /** Absolute; undefined where the user has none. */
  readonly homeDir: string | undefined;
  readonly clock: Clock;
  /** 0 to 1, like Math.random. */
  readonly random: () => number;
  /**
   * Aborted by Ctrl-C and SIGTERM; its reason is a SoraError. Whatever is under way listens to it, a wait for each job that is
   * followed, and nothing does afterwards: whoever makes the signal lifts Node's limit of ten.
   */
  readonly signal: AbortSignal;
  /** This process on this machine, whose name is not for files that are shared. */
  readonly sender?: () => Sender;
  /** Whether such a process of this machine lives. */
  readonly isAlive?: (sender: Pick<Sender, 'pid' | 'startedAt'>) => boolean;
}

/** Which host, profile and cast are meant, over what is configured. Hints to go on say the same again. */
export interface Selection extends ProviderFlags {
  readonly profile?: string;
  /** A cast file to be read over the characters of this machine. */
  readonly cast?: string;
}

/** Which host made a job, and by whose settings. */
export type JobPlace = MadePlace & { readonly profile?: Job['profile'] | undefined };

export interface Workspace {
  readonly runtime: Machine;
  readonly selection: Selection;
  readonly reporter: Reporter;
  /** Throws `machine` where nothing can be kept, and `usage` for a place that cannot be meant. */
  paths(): StorePaths;
  /** Warnings about settings and keys that were given, or are told in another way: they are not given again. */
  readonly told: Set<string>;
  /** The profile's name, chosen by flag, environment or settings. */
  profileName(): Promise<string>;
  /** The keys that `sora auth login` stored. */
  keys(): Promise<Keys>;
  characters(): Promise<CharacterStore>;
  jobs(): Promise<JobStore>;
  /** What was paid for. */
  costs(): Promise<CostLedger>;
  /** `banner`: what `ffmpegProgram` printed in another run, so that it need not be started for its version. Only the first call counts. */
  ffmpeg(banner?: string): Promise<Ffmpeg>;
  /** The one that `ffmpeg` asks first, before it is known to work; undefined where there is none. */
  ffmpegProgram(): Promise<FfmpegProgram | undefined>;
  /** The chosen profile. */
  profile(): Promise<Profile>;
  /** Where a new request would go; throws `usage` when nothing or too much is configured, `auth` without a key. */
  connection(purpose?: Purpose): Promise<Connection>;
  provider(purpose?: Purpose): Promise<Provider>;
  /** The host that made a job, whatever is configured now. */
  providerOf(job: JobPlace, purpose?: Purpose): Promise<Provider>;
  /** The same, before anything is asked of it. */
  connectionOf(job: JobPlace, purpose?: Purpose): Promise<Connection>;
  /** For requests that no adapter makes; with the connection's own rule about plain http. */
  http(to: Pick<Connection, 'allowHttp'>): Promise<Http>;
  /** A text with addresses of the built-in sandbox as `sandbox:`, which is the same in each run; its port is not. */
  withoutPorts(text: string): string;
  /** Ends what the services keep open. */
  close(): Promise<void>;
}

export interface WorkspaceOptions {
  readonly selection?: Selection;
  /** Hears what is told on the way; nobody does unless given. */
  readonly reporter?: Reporter;
  /** What a cast file of `/dev/stdin` is read from. */
  readonly stdin?: { readonly stream: Readable; readonly isTTY: boolean };
  /** Is given each key before it is used, so that it is shown nowhere. */
  onSecret?(key: string): void;
  /** Hears the wire log: a redacted line for each request and answer. */
  readonly onWire?: ((line: string) => void) | undefined;
}

export function createWorkspace(runtime: Machine, options: WorkspaceOptions = {}): Workspace {
  const { selection = {}, reporter = SILENT, stdin, onSecret, onWire } = options;
  // What keeps nothing works in a container without a home, too.
  const paths = once(() => {
    const found = storePaths(runtime);
    const own = runtime.env.SORA_HOME;
    if (own && !isAbsolute(own)) reporter.note(`SORA_HOME is relative: here it is ${found.data}`);
    return found;
  });
  const closers: (() => Promise<unknown>)[] = [];
  const providers = new Map<string, Promise<Provider>>();

  // Settings and keys lie in one folder, and may complain of it in the same words.
  const told = new Set<string>();
  const warn = (text: string): void => {
    if (!told.has(text)) reporter.warn(text);
    told.add(text);
  };
  const settings = once(async (): Promise<Settings> => {
    const { readSettings } = await import('./settings/settings.ts');
    return readSettings(paths().config, { platform: runtime.platform, warn });
  });
  const profileOf = async (name: string): Promise<Profile> => (await settings()).profile(name);
  const profileName = once(async () => {
    const named = selection.profile ?? (runtime.env.SORA_PROFILE || undefined);
    if (named !== undefined) await profileOf(named);
    return named ?? (await settings()).defaultProfile;
  });
  const keys = once(async () => {
    const { readKeys } = await import('./settings/keys.ts');
    return readKeys(paths().config, { platform: runtime.platform, warn });
  });
  const ffmpeg = once(async (banner?: string) => {
    const { findFfmpeg } = await import('./media/ffmpeg/find.ts');
    return findFfmpeg(runtime.env, { signal: runtime.signal, banner });
  });
  const ffmpegProgram = once(async () => {
    const { firstProgram } = await import('./media/ffmpeg/find.ts');
    return firstProgram(runtime.env);
  });
  /** Of servers that listen on a port which nobody chose. */
  const titles = new Map<string, string>();
  const withoutPorts = (text: string): string =>
    [...titles.keys()].reduce(
      (shown, host) => shown.replaceAll(`http://${host}`, PROVIDERS.sandbox.defaultBaseUrl),
      text,
    );
  const sandbox = once(async () => {
    const [{ startSandbox }, { makeFolders }] = await Promise.all([
      import('./sandbox/server.ts'),
      import('./disk/atomic-write.ts'),
    ]);
    const stateDir = paths().sandbox;
    // The sandbox is a host of its own, and knows no sentences for what a disk refuses.
    await makeFolders(stateDir, { mode: 0o700 });
    const server = await startSandbox({ stateDir, ffmpeg: (await ffmpeg()).path });
    closers.push(() => server.close());
    titles.set(new URL(server.url).host, hostTitle({ name: 'sandbox', baseUrl: server.url }));
    return server;
  });
  const jobs = once(async () => {
    const { createJobStore } = await import('./videos/jobs/store.ts');
    return createJobStore({ dir: paths().jobs, cacheDir: paths().cache });
  });
  const profile = async (): Promise<Profile> => profileOf(await profileName());
  const configured = async (own: Profile): Promise<Configured> => ({
    ...{ wishes: selection, env: runtime.env, profile: own, keys: await keys() },
  });
  const connections: Readonly<Record<Purpose, () => Promise<Connection>>> = {
    use: once(async () => chooseProvider(await configured(await profile()))),
    preview: once(async () => chooseProvider(await configured(await profile()), 'preview')),
  };
  const connection = async (purpose: Purpose = 'use'): Promise<Connection> => {
    const chosen = await connections[purpose]();
    if (chosen.key !== undefined) onSecret?.(chosen.key);
    return chosen;
  };
  const httpFor = (allowHttp: boolean): Promise<Http> => (allowHttp ? lenientHttp() : strictHttp());
  const makeHttp = (allowHttp: boolean) => async (): Promise<Http> => {
    const { createHttp } = await import('./http/client.ts');
    const http = await createHttp({
      clock: runtime.clock,
      random: runtime.random,
      proxy: proxyOf(runtime.env),
      allowHttp,
      titleOf: (host) => titles.get(host) ?? host,
      ...(onWire && { debug: onWire }),
    });
    closers.push(() => http.close());
    return http;
  };
  const strictHttp = once(makeHttp(false));
  const lenientHttp = once(makeHttp(true));

  const connect = (to: Connection): Promise<Provider> => {
    if (to.key !== undefined) onSecret?.(to.key);
    // Two profiles may have two keys for one host.
    const id = JSON.stringify([to.name, to.baseUrl, to.backend, to.key, to.clipsAt, to.uploadDays]);
    const made = providers.get(id) ?? makeProvider(to);
    providers.set(id, made);
    return made;
  };
  /** Where nothing can be kept, nothing is: what hosts publish can be asked again. */
  const documents = once(async (): Promise<DocumentCache> => {
    const { createDayCache } = await import('./disk/day-cache.ts');
    return createDayCache({ dir: () => join(paths().cache, 'hosts'), now: runtime.clock.now });
  });
  /** Of what is told once a home; where nothing can be kept, each time. */
  const isNews = async (kind: string, baseUrl: string): Promise<boolean> => {
    const { firstTimeOf } = await import('./disk/once-marker.ts');
    try {
      return await firstTimeOf(paths().state, kind, baseUrl);
    } catch {
      return true;
    }
  };
  const makeProvider = async (to: Connection): Promise<Provider> => {
    if (to.retired && (await isNews('retired', to.baseUrl))) reporter.warn(to.retired);
    if (to.key === undefined && PROVIDERS[to.name].needsKey(to.baseUrl)) {
      reporter.note(
        `No key is set for ${hostTitle(to)}: this command needs none, but sending the request does. See: sora auth status ${to.name}`,
      );
    }
    const url = to.name === 'sandbox' ? (await sandbox()).url : to.baseUrl;
    const { checkRoute } = await import('./http/client.ts');
    checkRoute(url, { hasKey: to.key !== undefined, allowHttp: to.allowHttp, proxy: proxyOf(runtime.env) });
    return PROVIDERS[to.name].create({
      baseUrl: to.baseUrl,
      url,
      key: to.key,
      backend: to.backend,
      clipsAt: to.clipsAt,
      http: await httpFor(to.allowHttp),
      sleep: (ms, signal) => runtime.clock.sleep(ms, signal),
      // Few adapters keep any: the code is loaded by those.
      documents: {
        read: async (name) => (await documents()).read(name),
        write: async (name, text) => (await documents()).write(name, text),
      },
      uploadDays: to.uploadDays,
    });
  };

  const connectionOfJob = async (job: JobPlace, purpose?: Purpose): Promise<Connection> =>
    connectionOf(job, await configured(await profileOf(job.profile ?? (await profileName()))), purpose);

  return {
    runtime,
    selection,
    reporter,
    paths,
    told,
    profileName,
    profile,
    keys,
    characters: once(async () => {
      const { createCharacterStore } = await import('./characters/store.ts');
      const local = createCharacterStore({
        charactersDir: paths().characters,
        clipsDir: paths().clips,
        cacheDir: paths().cache,
      });
      const cast = selection.cast ?? (runtime.env.SORA_CAST || undefined);
      if (cast === undefined) return local;
      const { readCast, warnOfProviders } = await import('./characters/cast/cast-file.ts');
      const { createOverlay } = await import('./characters/cast/cast-overlay.ts');
      const read = await readCast(resolve(runtime.cwd, cast), {
        signal: runtime.signal,
        ...(stdin && { stdin }),
      });
      warnOfProviders(reporter, read);
      return createOverlay(local, read, { warn: (text) => reporter.warn(text), now: () => runtime.clock.now() });
    }),
    jobs,
    costs: once(async () => {
      const { openCostLedger } = await import('./costs/ledger.ts');
      const { chargesBy } = await import('./videos/jobs/costs.ts');
      return openCostLedger(paths().costs, { now: runtime.clock.now, known: chargesBy(jobs) });
    }),
    ffmpeg,
    ffmpegProgram,
    connection,
    http: (to) => httpFor(to.allowHttp),
    provider: async (purpose) => connect(await connection(purpose)),
    connectionOf: connectionOfJob,
    withoutPorts,
    providerOf: async (job, purpose) => connect(await connectionOfJob(job, purpose)),
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
    },
  };
}

function once<Given extends unknown[], T extends object>(make: (...given: Given) => T): (...given: Given) => T {
  let made: T | undefined;
  return (...given) => {
    made ??= make(...given);
    return made;
  };
}
