/** What the values of settings look like, whether they are written as text or stand in JSON. Pure. */

import { isRatio, RATIOS } from '../../providers/ratios.ts';
import { FITS, FOCUS_FORM, type Focus, parseFocus } from '../../shared/clip.ts';
import { parseSize, type Size } from '../../shared/geometry.ts';
import { CUT, type Fps, FRAME_RATES, type Transition, type Trim } from '../storyboard.ts';

/** What a setting can be. */
export interface Value<T> {
  /** Undefined for what it cannot be. */
  read(given: unknown): T | undefined;
  /** Follows the name of the setting: `is not text`. */
  readonly complaint: string;
}

function value<T>(complaint: string, read: (given: unknown) => T | undefined): Value<T> {
  return { complaint, read };
}

/** Of numbers and switches JSON has kinds of its own. */
function written(given: unknown): string | undefined {
  if (typeof given === 'number' || typeof given === 'boolean') return String(given);
  return typeof given === 'string' ? given.trim() : undefined;
}

function word<T>(complaint: string, read: (text: string) => T | undefined): Value<T> {
  return value(complaint, (given) => {
    const text = written(given);
    return text === undefined ? undefined : read(text);
  });
}

const DECIMAL = /^[+-]?\d{1,6}(?:\.\d{1,6})?$/;

function decimal(text: string, least: number, most: number): number | undefined {
  const number = DECIMAL.test(text) ? Number(text) : Number.NaN;
  // Not -0, which JSON has no word for.
  return number >= least && number <= most ? number + 0 : undefined;
}

function whole(least: number, most: number): Value<number> {
  return word(`is not a whole number from ${least} to ${most}`, (text) =>
    /^\d+$/.test(text) ? decimal(text, least, most) : undefined,
  );
}

/** One line that says something. */
export const line: Value<string> = value('is not text', (given) =>
  typeof given === 'string' && given.trim() !== '' ? given.trim().replaceAll(/\s*\n\s*/g, ' ') : undefined,
);

/** Lines stay as they are. */
export const prose: Value<string> = value('is not text', (given) =>
  typeof given === 'string' ? given.trim() : undefined,
);

const MOST_ID_CHARS = 100;

/** Of a scene. It is a word of commands, and so none that looks like an option. */
export const id: Value<string> = value(
  `is not a word of letters, digits, - and _ of at most ${MOST_ID_CHARS} characters`,
  (given) => {
    const text = written(given)?.normalize('NFC') ?? '';
    return /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._-]*$/u.test(text) && [...text].length <= MOST_ID_CHARS ? text : undefined;
  },
);

/** What a variable is replaced by. */
export const variable: Value<string> = word('is not text', (text) => text);

/** `none` says that there is none, where something would be else. */
export const NONE = 'none';

export const names: Value<readonly string[]> = value('is not a list of names like "Joe, Mia", or "none"', (given) => {
  if (typeof given === 'string' && given.trim().toLowerCase() === NONE) return [];
  const items = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(items)) return undefined;
  const texts = items.map((one) => (typeof one === 'string' ? one.trim() : ''));
  return texts.includes('') ? undefined : [...new Set(texts)];
});

export const seconds = whole(1, 600);
export const takes = whole(1, 100);

export const size: Value<Size> = word('is not a size like 1280x720', parseSize);

export const rasterSize: Value<Size> = word('is not a size like 1280x720, with even sides', (text) => {
  const found = parseSize(text);
  return found && found.width % 2 === 0 && found.height % 2 === 0 ? found : undefined;
});

export const aspect = word(`is not one of ${RATIOS.join(', ')}`, (text) => (isRatio(text) ? text : undefined));

export const fit = word(`is not one of ${FITS.join(', ')}`, (text) => FITS.find((one) => one === text));

export const focus: Value<Focus> = word(`is not ${FOCUS_FORM}`, parseFocus);

export const SHORT_SIDES = { '480p': 480, '720p': 720, '768p': 768, '1080p': 1080, '4k': 2160 } as const;

export const resolution: Value<number> = word(`is not one of ${Object.keys(SHORT_SIDES).join(', ')}`, (text) =>
  Object.hasOwn(SHORT_SIDES, text) ? SHORT_SIDES[text as keyof typeof SHORT_SIDES] : undefined,
);

export const fps: Value<Fps> = word(`is not one of ${FRAME_RATES.join(', ')}`, (text) =>
  FRAME_RATES.find((rate) => String(rate) === text),
);

/** As loud as anything is asked to be, and as quiet: what ffmpeg's loudnorm takes. */
export const loudness: Value<number | 'off'> = word('is not a number of LUFS from -70 to -5, or "off"', (text) =>
  text === 'off' ? text : decimal(text.replace(/ ?LUFS$/i, ''), -70, -5),
);

const gain = (text: string): number | undefined => decimal(text.replace(/ ?dB$/i, ''), -60, 24);

export const level: Value<number> = word('is not a gain in dB from -60 to 24', gain);

export const sound: Value<number | 'off'> = word('is not "keep", "off" or a gain in dB from -60 to 24', (text) => {
  if (text === 'keep') return 0;
  return text === 'off' ? text : gain(text);
});

export const duration: Value<number> = word('is not a number of seconds from 0 to 60', (text) =>
  decimal(text.replace(/ ?s$/, ''), 0, 60),
);

export const flag: Value<boolean> = word('is not true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : undefined,
);

export const transition: Value<Transition> = word('is not "cut", or a fade like "fade 0.5"', (text) => {
  if (text === 'cut') return CUT;
  const [, length = ''] = /^fade +(\S+?)(?: ?s)?$/.exec(text) ?? [];
  const found = decimal(length, 0.01, 60);
  return found === undefined ? undefined : { kind: 'fade', seconds: found };
});

export const trim: Value<Trim> = word('is not a part like 0.5-3.2, in seconds', (text) => {
  const [, first = '', last = ''] = /^(\d+(?:\.\d+)?) ?- ?(\d+(?:\.\d+)?)(?: ?s)?$/.exec(text) ?? [];
  const [from, to] = [decimal(first, 0, 600), decimal(last, 0, 600)];
  return from !== undefined && to !== undefined && from < to ? { from, to } : undefined;
});
