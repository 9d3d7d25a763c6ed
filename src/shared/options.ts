/**
 * The options of requests by their names. Use cases name an option in what they say by `option`, and so by the flag of the
 * command line; who takes requests in another form, such as a line of a batch, says it in words of its own. Pure.
 */

/** As the command tree declares them. */
const FLAGS = {
  adopt: '--adopt',
  allowDrift: '--allow-drift',
  allowOutside: '--allow-outside',
  allowRetired: '--allow-retired',
  allowStale: '--allow-stale',
  allowUndocumented: '--allow-undocumented',
  allowUnknownCost: '--allow-unknown-cost',
  anew: '--anew',
  asRegistered: '--as-registered',
  aspect: '--aspect',
  at: '--at',
  backend: '--backend',
  baseUrl: '--base-url',
  budget: '--budget',
  cast: '--cast',
  changed: '--changed',
  character: '-c, --character',
  consent: '--consent',
  cropBars: '--crop-bars',
  duration: '--duration',
  failFast: '--fail-fast',
  fit: '--fit',
  focus: '--focus',
  follow: '--follow',
  force: '--force',
  journal: '--journal',
  jobs: '--jobs',
  image: '--image',
  json: '--json',
  key: '--key',
  kind: '--kind',
  last: '--last',
  local: '--local',
  maxCost: '--max-cost',
  model: '--model',
  name: '--name',
  noAudio: '--no-audio',
  noAutoCast: '--no-auto-cast',
  noCheck: '--no-check',
  noInject: '--no-inject',
  orientation: '--orientation',
  output: '-o, --output',
  plan: '--plan',
  profile: '--profile',
  provider: '--provider',
  quality: '--quality',
  reference: '--reference',
  requirePicks: '--require-picks',
  resend: '--resend',
  resolution: '--resolution',
  results: '--results',
  set: '--set',
  sheet: '--sheet',
  seconds: '--seconds',
  shard: '--shard',
  size: '--size',
  start: '--start',
  summary: '--summary',
  tag: '--tag',
  takes: '--takes',
  timeout: '--timeout',
  var: '--var',
  variant: '--variant',
  withClips: '--with-clips',
  yes: '--yes',
} as const satisfies Readonly<Record<string, `-${string}`>>;

export type OptionName = keyof typeof FLAGS;

export const OPTION_NAMES = Object.keys(FLAGS) as readonly OptionName[];

/** What a sentence calls it: its short flag, where it has one. */
export function option(name: OptionName): string {
  return FLAGS[name].split(', ')[0] ?? '';
}

/** The long flag, which takes a value that begins with `-` too. */
export function longOption(name: OptionName): string {
  return FLAGS[name].split(', ').at(-1) ?? '';
}

/** A whole command, to the end of its line or sentence: it is typed into a shell as it stands. */
const COMMAND = /\bsora [a-z]+ .*?(?=\. |\.?$|[`)])/gm;

/** A flag in a sentence. */
const FLAG = /(?<![\w-])--?[a-z][a-z-]*\b/g;

/** The option of that flag, short or long. */
export function optionOf(flag: string): OptionName | undefined {
  return OPTION_NAMES.find((name) => FLAGS[name].split(', ').includes(flag));
}

/** The flags that a text names outside of whole commands, in their order. */
export function flagsIn(text: string): readonly string[] {
  return [...text.replaceAll(COMMAND, '').matchAll(FLAG)].map(([flag]) => flag);
}

/** The text with options by the words of somebody who types no flags. Commands in it stay as they are. */
export function renameOptions(text: string, words: Partial<Readonly<Record<OptionName, string>>>): string {
  const named = new Map(
    OPTION_NAMES.flatMap((name) => [option(name), longOption(name)].map((flag) => [flag, words[name]])),
  );
  const rename = (part: string): string => part.replace(FLAG, (flag) => named.get(flag) ?? flag);
  let end = 0;
  let renamed = '';
  for (const { 0: command, index } of text.matchAll(COMMAND)) {
    renamed += rename(text.slice(end, index)) + command;
    end = index + command.length;
  }
  return renamed + rename(text.slice(end));
}
