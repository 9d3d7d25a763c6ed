/** What a word can be completed to: what the program knows by itself, and what is on this machine. Asks no host. */
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { PROVIDERS } from '../providers/index.ts';
import { BACKENDS } from '../providers/provider.ts';
import { formatSize } from '../shared/geometry.ts';
import { isFinal, isUnanswered, type Job, type JobDigest } from '../shared/job.ts';
import { oneLine } from '../shared/text.ts';
import type { ParsedStoryboard } from '../storyboards/file/parse-storyboard.ts';
import { describe } from '../videos/jobs/lifecycle.ts';
import { isJobId } from '../videos/jobs/record.ts';

export interface Candidate {
  readonly value: string;
  readonly about?: string;
}

/** What is already known of the line. */
export interface Typed {
  /** The beginning of the word. */
  readonly prefix: string;
  /** Earlier words that are neither commands nor options. */
  readonly operands: readonly string[];
  /** Values of earlier options, by the options' long names. */
  readonly values: ReadonlyMap<string, string>;
}

export type Source = (context: Context, typed: Typed) => Promise<readonly Candidate[]>;

/** More job ids help nobody who has to choose one. */
const MOST_JOBS = 30;

/** The newest jobs of this machine whose ids begin so. They are read one by one: there may be ten thousand. */
async function recentJobs(context: Context, { most, prefix = '' }: { most: number; prefix?: string }) {
  const store = await context.jobs();
  const all = await store.ids().catch(() => []);
  const ids = all
    .filter((id) => isJobId(id) && id.startsWith(prefix))
    .toReversed()
    .slice(0, most);
  const found = await Promise.all(ids.map((id) => store.find(id).catch(() => undefined)));
  return found.flatMap((job) => job ?? []);
}

const jobs =
  (fits: (job: Job | JobDigest) => boolean): Source =>
  async (context, { prefix, operands }) => {
    const isGiven = ({ id }: Job): boolean => operands.some((typed) => typed !== '' && id.startsWith(typed));
    const recent = await recentJobs(context, { most: MOST_JOBS, prefix: prefix.startsWith('@') ? '' : prefix });
    const found = recent.filter((job) => fits(job) && !isGiven(job));
    if (found.length === 0 && /^[^@]/.test(prefix)) return idsOfHosts(context, { prefix, fits });
    const [newest] = found;
    const last = newest && !operands.includes('@last') ? [{ value: '@last', about: 'the newest job' }] : [];
    return [...last, ...found.map((job) => ({ value: job.id, about: aboutJob(job) }))];
  };

/** Ids that hosts gave: nobody types the beginning of one by chance. */
async function idsOfHosts(
  context: Context,
  { prefix, fits }: { prefix: string; fits: (job: Job | JobDigest) => boolean },
): Promise<readonly Candidate[]> {
  const { records } = await (await context.jobs()).digests();
  return records
    .filter((job) => job.remoteId?.startsWith(prefix) && fits(job))
    .slice(0, MOST_JOBS)
    .flatMap((job) => (job.remoteId === undefined ? [] : { value: job.remoteId, about: aboutJob(job) }));
}

const aboutJob = (job: Job | JobDigest): string => `${describe(job)}: ${oneLine(job.request.prompt, 60)}`;

const characters: Source = async (context, { operands, values }) => {
  const { records } = await (await context.characters()).list();
  return records
    .filter(({ name }) => !operands.includes(name) && values.get('--character') !== name)
    .map(({ name, clip, stills }) => ({
      value: name,
      about: clip
        ? `${formatSize(clip.master)}, ${clip.master.seconds.toFixed(2)} s`
        : stills
          ? 'pictures alone'
          : 'no clip',
    }));
};

const models: Source = (_context, { values }) => modelsOf(values.get('--provider'));

async function modelsOf(wanted: string | undefined): Promise<readonly Candidate[]> {
  const entries = Object.entries(PROVIDERS).filter(([name]) => wanted === undefined || name === wanted);
  const known = await Promise.all(
    entries.map(async ([name, entry]) => (await entry.models()).map(({ id }) => ({ value: id, about: name }))),
  );
  const all = known.flat();
  // The sandbox takes models that have their names from another host.
  return all.filter(({ value }, index) => all.findIndex((one) => one.value === value) === index);
}

const profiles: Source = async ({ paths }) => {
  const { readSettings } = await import('../settings/settings.ts');
  return (await readSettings(paths().config)).profiles.map((value) => ({ value }));
};

const settings: Source = async (context, typed) => {
  const { PROFILE_KEYS } = await import('../settings/settings.ts');
  const fields = PROFILE_KEYS.map((value): Candidate => ({ value }));
  const ofProfiles = (await profiles(context, typed)).flatMap(({ value }) =>
    PROFILE_KEYS.map((field) => ({ value: `profiles.${value}.${field}` })),
  );
  return [...fields, { value: 'defaultProfile' }, ...ofProfiles];
};

/** What `config set` takes for the key before it. */
const settingValues: Source = async (context, typed) => {
  const field = typed.operands[0]?.split('.').at(-1);
  if (field === 'provider') return providers;
  if (field === 'backend') return BACKENDS.map((value) => ({ value }));
  if (field === 'allowHttp' || field === 'autoCast') return ['true', 'false'].map((value) => ({ value }));
  if (field === 'model') return models(context, typed);
  return field === 'defaultProfile' ? profiles(context, typed) : [];
};

/** Of the storyboard that the line names: read, with whatever else is wrong with it. */
const ofStoryboard =
  (pick: (parsed: ParsedStoryboard) => readonly Candidate[]): Source =>
  async ({ runtime }, { operands }) => {
    const [file] = operands;
    if (file === undefined || file === '-') return [];
    const { peekStoryboard } = await import('../storyboards/read-storyboard.ts');
    const parsed = await peekStoryboard(resolve(runtime.cwd, file));
    return parsed ? pick(parsed) : [];
  };

const scenes = ofStoryboard(({ storyboard }) =>
  (storyboard?.scenes ?? []).map(({ id, title }) => ({ value: id, about: title })),
);

const providers: readonly Candidate[] = Object.keys(PROVIDERS).map((value) => ({ value }));
const keyed = Object.entries(PROVIDERS).flatMap(([value, { keyVariable }]) => (keyVariable ? [{ value }] : []));
const among =
  (...values: string[]): Source =>
  async () =>
    values.map((value) => ({ value }));
/** Files whose names end so, and folders; of whatever name unless endings are given. */
export interface FileNames {
  readonly endings: readonly string[];
}

const files = (...endings: string[]): FileNames => ({ endings });
const FILES = files();
const VIDEO_ENDINGS = [
  'mp4',
  'm4v',
  'mov',
  'mkv',
  'webm',
  'avi',
  'gif',
  'ts',
  'mts',
  'm2ts',
  'mpg',
  'mpeg',
  'wmv',
  'flv',
  '3gp',
];
const VIDEOS = files(...VIDEO_ENDINGS);
const PICTURES = files('png', 'jpg', 'jpeg', 'webp');
const JSON_FILES = files('json');
const BATCHES = files('jsonl', 'csv', 'ndjson', 'json');
const STORYBOARDS = files('md', 'markdown', 'json');
const FILMS = files('mp4', 'm4v');
const SOUNDS = files('wav', 'mp3', 'm4a', 'flac', 'ogg', 'opus', 'aac', 'aiff', 'aif', ...VIDEO_ENDINGS);

/**
 * By what the help calls a value: `video cancel <id>` before `video <id>` before `<id>`. A placeholder that is not here
 * stands for the user's own words.
 */
const SOURCES: Readonly<Record<string, Source | FileNames>> = {
  file: FILES,
  clip: VIDEOS,
  image: PICTURES,
  path: FILES,
  picture: PICTURES,
  plan: JSON_FILES,
  png: files('png'),
  html: files('html'),
  folder: FILES,
  video: VIDEOS,
  '--cast': JSON_FILES,
  'batch file': BATCHES,
  'batch --results': files('jsonl'),
  'batch --summary': files('md'),
  'character adopt --clip': VIDEOS,
  'character export --output': JSON_FILES,
  'character import file': JSON_FILES,
  'clip file': VIDEOS,
  'clip prepare --output': files('mp4'),
  'sandbox --scenario': JSON_FILES,
  'storyboard file': STORYBOARDS,
  'storyboard new file': files('md'),
  'storyboard assemble --output': FILMS,
  'video join --output': FILMS,
  'video --music': SOUNDS,
  'video id': jobs(() => true),
  'video cancel id': jobs(({ status }) => !isFinal(status)),
  'video resend id': jobs(isUnanswered),
  'video close id': jobs(isUnanswered),
  'video download id': jobs(({ status }) => status === 'succeeded'),
  'video delete id': jobs(({ status }) => status === 'succeeded'),
  'video extend id': jobs(({ status }) => status === 'succeeded'),
  'video edit id': jobs(({ status }) => status === 'succeeded'),
  'video remix id': jobs(({ status }) => status === 'succeeded'),
  'character name': characters,
  'character --consent': FILES,
  'character adopt --name': characters,
  'video --character': characters,
  'storyboard scene': scenes,
  'storyboard --quality': ofStoryboard(({ qualities }) => qualities.map((value) => ({ value }))),
  'storyboard --variant': ofStoryboard(({ variants }) => variants.map((value) => ({ value }))),
  'provider models model': (_context, { operands }) => modelsOf(operands[0]),
  '--provider': async () => providers,
  '--profile': profiles,
  '--model': models,
  '--start': among('auto'),
  '--aspect': among('16:9', '9:16', '4:3', '3:4', '1:1', '21:9'),
  '--size': among('1280x720', '720x1280', '1792x1024', '1024x1792', '1920x1080', '1080x1920'),
  '--resolution': among('480p', '720p', '768p', '1080p', '4k'),
  'provider provider': async () => providers,
  'auth provider': async () => keyed,
  'config key': settings,
  'config value': settingValues,
};

/** Where candidates come from: for an option by its long name, else by the placeholder; undefined for free text. */
export function sourceOf(
  path: readonly string[],
  { flag, placeholder }: { readonly flag?: string; readonly placeholder: string },
): Source | FileNames | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const key = [...path.slice(0, depth), flag ?? placeholder].join(' ');
    if (Object.hasOwn(SOURCES, key)) return SOURCES[key];
  }
  // What is called a file is one, whatever the option is called.
  const named = flag === undefined || !Object.hasOwn(SOURCES, placeholder) ? undefined : SOURCES[placeholder];
  return typeof named === 'function' ? undefined : named;
}
