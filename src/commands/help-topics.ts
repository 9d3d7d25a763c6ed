/** `sora help <topic>`: what holds for every command, from the tables that the program itself goes by. */

import type { HelpTopic } from '../cli/options.ts';
import type { Context } from '../context.ts';
import { MAX_BYTES, MAX_FPS, MAX_SECONDS, MAX_SHORT, MIN_FPS, MIN_SECONDS, MIN_SHORT } from '../media/limits.ts';
import { PROVIDERS } from '../providers/index.ts';
import { type ErrorCode, EXIT_CODES, WORST_FIRST } from '../shared/errors.ts';
import { formatBytes } from '../shared/text.ts';
import { displayWidth, wrap } from '../terminal/width.ts';

/** The end of a command's life, in words. Equal words share a line. */
const MEANINGS = {
  bug: 'a bug in sora (--debug shows the stack)',
  usage: 'usage: options, an unknown name or id, a missing path',
  clip: 'the clip or picture cannot be used',
  auth: 'no key, or a wrong one',
  refused: 'the provider refused, or the job failed',
  network: 'network; nothing was created',
  ambiguous:
    'ambiguous: it may have been created; nothing was repeated; what to look for and the command that sends it again are printed',
  pending:
    'still running: the wait timed out or was interrupted, or an equal request that was lost has been found; the command that continues is printed',
  unverified: 'the job is done, but its download or verification failed; the job is safe',
  budget: 'over budget, quota or credit',
  policy: 'refused by the provider’s content policy',
  machine: 'this machine: disk full, permission, no ffmpeg, unreadable store',
  interrupted: 'interrupted (Ctrl-C, SIGTERM) before anything was created, or a second time',
  terminated: 'interrupted (Ctrl-C, SIGTERM) before anything was created, or a second time',
} as const satisfies Record<ErrorCode, string>;

/** The variables that the program reads. */
const VARIABLES: readonly (readonly [names: string, meaning: string])[] = [
  ['SORA_PROVIDER, SORA_PROFILE', 'as --provider, --profile'],
  ['SORA_CAST', 'as --cast'],
  ['SORA_HOME', 'one folder for everything; else settings, characters and jobs follow the XDG folders'],
  ['SORA_FFMPEG', 'the ffmpeg to use'],
  ...Object.entries(PROVIDERS).flatMap(([name, { keyVariable, baseUrlVariable }], index): [string, string][] =>
    keyVariable === undefined
      ? []
      : [[`${keyVariable}, ${baseUrlVariable}`, `${index === 0 ? 'key and base URL ' : ''}of the provider ${name}`]],
  ),
  ['HTTPS_PROXY, HTTP_PROXY, NO_PROXY', 'proxies; this machine’s own addresses never go through one'],
  ['NO_COLOR, FORCE_COLOR', 'colours off, on'],
  ['CI', 'no animation'],
];

interface Topic {
  readonly json: unknown;
  /** Paragraphs, and rows of two columns. */
  readonly text: readonly (string | readonly (readonly [string, string])[])[];
}

/** `sora help exit-codes|environment|clips|providers` */
export async function runHelpTopic({ ui, runtime }: Context, topic: HelpTopic): Promise<undefined> {
  const { json, text } = TOPICS[topic]();
  const columns = runtime.stdout.columns || 80;
  const shown = text.map((part) => (typeof part === 'string' ? wrap(part, columns) : rows(part, columns))).join('\n\n');
  ui.result({ json, text: shown, quiet: [shown] });
}

function rows(pairs: readonly (readonly [string, string])[], columns: number): string {
  const width = Math.max(...pairs.map(([name]) => displayWidth(name)));
  const indent = ' '.repeat(width + 4);
  return pairs
    .map(([name, meaning]) => {
      const [first = '', ...more] = wrap(meaning, columns - indent.length).split('\n');
      return [`  ${name.padEnd(width)}  ${first}`, ...more.map((line) => indent + line)].join('\n');
    })
    .join('\n');
}

const TOPICS: Readonly<Record<HelpTopic, () => Topic>> = {
  'exit-codes'() {
    const codes: { exit: number[]; code: string[]; meaning: string }[] = [
      { exit: [0], code: [], meaning: 'done and verified' },
    ];
    for (const [code, exit] of Object.entries(EXIT_CODES)) {
      const meaning = MEANINGS[code as ErrorCode];
      const same = codes.find((one) => one.meaning === meaning);
      if (same) {
        same.exit.push(exit);
        same.code.push(code);
      } else codes.push({ exit: [exit], code: [code], meaning });
    }
    const order = WORST_FIRST.map((code) => EXIT_CODES[code]).join(', ');
    return {
      json: codes,
      text: [
        codes.map(({ exit, meaning }) => [exit.join(', '), meaning]),
        `With several ids: the first that applies of ${order}. With --json the error’s own word is in error.code on stderr.`,
      ],
    };
  },
  environment: () => ({
    json: VARIABLES.map(([names, meaning]) => ({ variables: names.split(', '), meaning })),
    text: ['Options come first, then these variables, then the profile, then the default.', VARIABLES],
  }),
  clips() {
    const limits = {
      seconds: [MIN_SECONDS, MAX_SECONDS],
      shortSide: [MIN_SHORT, MAX_SHORT],
      fps: [Number(MIN_FPS.toFixed(3)), MAX_FPS],
      bytes: MAX_BYTES,
    };
    return {
      json: { ratios: ['16:9', '9:16'], video: 'H.264, 8 bit, 4:2:0', audio: 'AAC or none', ...limits },
      text: [
        'A host takes a clip of a character when it is so. Any other clip is converted, once:',
        [
          ['length', `${MIN_SECONDS} to ${MAX_SECONDS} s; a longer one is trimmed, a shorter one is refused`],
          ['ratio', '16:9 or 9:16; other pictures get black bars, or lose their edges with --fit crop'],
          ['short side', `${MIN_SHORT} to ${MAX_SHORT} pixels`],
          ['frame rate', `${limits.fps[0]} to ${MAX_FPS} a second, constant`],
          ['video', 'MP4 with H.264, 8 bit, 4:2:0, square pixels, not turned'],
          ['sound', 'AAC, or none'],
          ['size', `${formatBytes(MAX_BYTES)} at most`],
        ],
        'What fits already is copied, without loss. Location and other metadata are dropped in any case.',
        [
          ['sora clip inspect joe.mp4', 'what a clip is, and what would be done to it'],
          ['sora clip prepare joe.mp4 -o ready.mp4', 'the clip as it would be uploaded'],
        ],
      ],
    };
  },
  providers() {
    const all = Object.entries(PROVIDERS).map(([name, { keyVariable, baseUrlVariable, defaultBaseUrl }]) => ({
      name,
      keyVariable: keyVariable ?? null,
      baseUrlVariable: baseUrlVariable || null,
      defaultBaseUrl,
    }));
    return {
      json: all,
      text: [
        all.map(({ name, keyVariable, baseUrlVariable, defaultBaseUrl }) => [
          name,
          keyVariable === null
            ? 'built in; needs no key and no network, and costs nothing'
            : `${defaultBaseUrl}, or what ${baseUrlVariable} names; key: ${keyVariable} or sora auth login ${name}`,
        ]),
        'Which one is used: --provider, else SORA_PROVIDER, else the profile, else the only one that has a key or a base URL. ' +
          'The sandbox is never chosen by itself.',
        'A gateway or server of your own that speaks /v1/videos is the provider openai with a base URL, and --backend where it is ' +
          'one of the known kinds.',
        [
          ['sora provider list', 'the hosts, and whether this machine can use them'],
          ['sora provider models', 'their models: lengths, sizes, characters, prices'],
          ['sora doctor --api', 'whether the chosen host answers'],
        ],
      ],
    };
  },
};
