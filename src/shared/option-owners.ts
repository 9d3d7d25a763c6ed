/** Which command has an option that a sentence names, where the command that says it has none of that name. Pure. */
import { flagsIn, type OptionName, optionOf } from './options.ts';
import { listOf } from './text.ts';

/**
 * Of options that not every command takes: a command that does, of each noun whose commands speak of it; the first is meant where
 * the command that speaks is of another noun.
 */
export const OWNERS: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  adopt: ['video wait', 'batch run'],
  allowDrift: ['video wait', 'batch run'],
  allowOutside: ['storyboard render', 'batch run'],
  allowRetired: ['video generate', 'batch run', 'storyboard render'],
  allowStale: ['storyboard assemble'],
  allowUndocumented: ['video generate', 'batch run', 'storyboard render'],
  allowUnknownCost: ['video generate', 'batch run', 'storyboard render', 'character create'],
  anew: ['batch run'],
  asRegistered: ['character adopt'],
  aspect: ['video generate'],
  at: ['video frame'],
  budget: ['video generate', 'batch run', 'storyboard render', 'character create'],
  changed: ['storyboard render', 'batch run'],
  character: ['video generate'],
  consent: ['character create'],
  cropBars: ['character create', 'clip prepare'],
  duration: ['character create', 'clip prepare'],
  failFast: ['storyboard render'],
  fit: ['video generate', 'character create', 'clip prepare'],
  focus: ['video generate', 'character create', 'clip prepare'],
  follow: ['storyboard render'],
  force: ['character create', 'video wait', 'storyboard assemble', 'clip prepare'],
  journal: ['batch run', 'storyboard render'],
  jobs: ['batch run', 'storyboard render'],
  image: ['character create'],
  key: ['video generate'],
  kind: ['character create'],
  last: ['video frame'],
  local: ['character create'],
  maxCost: ['video generate', 'batch run', 'storyboard render', 'character create'],
  model: ['video generate'],
  name: ['character create'],
  noAudio: ['character create', 'clip prepare'],
  noAutoCast: ['video generate'],
  noCheck: ['video wait'],
  noInject: ['video generate'],
  orientation: ['character create', 'clip prepare'],
  output: ['video wait', 'batch run', 'storyboard assemble', 'character export', 'clip prepare'],
  plan: ['storyboard render'],
  quality: ['storyboard render'],
  reference: ['video generate'],
  requirePicks: ['storyboard render'],
  resend: ['video generate', 'batch run', 'character create'],
  resolution: ['video generate', 'character create', 'clip prepare'],
  results: ['batch run'],
  set: ['character stills'],
  sheet: ['video check'],
  seconds: ['video generate'],
  shard: ['batch run', 'storyboard render'],
  size: ['video generate'],
  start: ['character create', 'clip prepare'],
  summary: ['batch run'],
  tag: ['video generate', 'batch run', 'storyboard render', 'character create'],
  takes: ['storyboard render'],
  var: ['storyboard render'],
  timeout: ['video generate', 'batch run', 'storyboard render'],
  variant: ['video download', 'storyboard render'],
  withClips: ['character export'],
  yes: ['video delete', 'character remove', 'storyboard render'],
};

/** A command as its text is shown: `words` are its own, as `video wait`, and `flags` all that it takes, short and long. */
export interface OptionTaker {
  readonly words: string;
  readonly flags: ReadonlySet<string>;
}

/** A sentence for each command whose options the text names, and the command that says it lacks; empty where it has them all. */
export function ownersSentence(text: string, { words, flags }: OptionTaker): string {
  const [noun = ''] = words.split(' ');
  const foreign = new Map<string, Set<string>>();
  for (const flag of flagsIn(text)) {
    const name = flags.has(flag) ? undefined : optionOf(flag);
    const owners = (name && OWNERS[name]) ?? [];
    const owner = owners.find((one) => one.startsWith(`${noun} `)) ?? owners[0];
    if (owner !== undefined) foreign.set(owner, (foreign.get(owner) ?? new Set()).add(flag));
  }
  return [...foreign]
    .map(
      ([owner, named]) => `${listOf([...named])} ${named.size > 1 ? 'are options' : 'is an option'} of sora ${owner}.`,
    )
    .join(' ');
}
