/** What stands behind a URL that a model is to read: a file sent to this sandbox, or one that the URL holds. */

import { WEEK_MS } from '../jobs.ts';
import { type ClipFacts, readClip } from '../media/mp4.ts';
import { type PictureFacts, readPicture } from '../media/picture.ts';
import { readRegular } from '../read.ts';
import { newId, type State } from '../state.ts';
import { type Link, Refusal } from './fields.ts';
import type { ClipRules, ReferenceRules } from './models.ts';

export interface ReferenceOptions {
  readonly state: State;
  readonly now: () => number;
  /** `http://127.0.0.1:PORT`, once it is known. */
  readonly origin: () => string;
}

export interface ReferenceClip {
  readonly at: string;
  readonly bytes: Buffer;
  readonly facts: ClipFacts;
  /** Id of the upload; files that came inside their URL are stored first. */
  save(): Promise<string>;
}

/** Both throw Refusal. */
export interface References {
  clip(link: Link): Promise<ReferenceClip>;
  /** Undefined when it is somewhere else: the sandbox never goes out to the network and takes it on trust. */
  picture(link: Link): Promise<({ readonly bytes: Buffer } & PictureFacts) | undefined>;
}

export function createReferences({ state, now, origin }: ReferenceOptions): References {
  async function open({ at, url }: Link): Promise<{ bytes: Buffer; uploadId?: string } | undefined> {
    const data = /^data:[\w/+.-]+;base64,([A-Za-z0-9+/=]+)$/.exec(url)?.[1];
    if (data !== undefined) return { bytes: Buffer.from(data, 'base64') };
    if (!/^https?:\/\/[^/]/i.test(url)) throw new Refusal(400, `Field "${at}" must be a URL.`);
    const own = [origin(), publicOrigin(origin())].find((one) => url.startsWith(`${one}/files/`));
    if (own === undefined) return undefined;
    const id = idOfFile(url.slice(`${own}/files/`.length));
    const upload = await state.upload(id);
    if (upload?.storedMs === undefined) throw new Refusal(400, `Field "${at}": there is no file at ${url}.`);
    if (isExpired(upload.storedMs, now(), upload.keepMs)) {
      throw new Refusal(
        400,
        `Field "${at}": the file at ${url} was deleted after ${(upload.keepMs ?? WEEK_MS) / 86_400_000} days.`,
      );
    }
    return { bytes: readRegular(state.clipPath(id)), uploadId: id };
  }

  return {
    async clip(link) {
      const file = await open(link);
      if (!file) throw new Refusal(400, `Field "${link.at}": ${link.url.slice(0, 200)} could not be downloaded.`);
      const facts = readClip(file.bytes);
      if (!facts) throw new Refusal(400, `Field "${link.at}" is not an MP4 video.`);
      return {
        ...{ at: link.at, bytes: file.bytes, facts },
        async save() {
          if (file.uploadId !== undefined) return file.uploadId;
          const id = newId('upload');
          await state.addUpload({ version: 1, id, contentType: 'video/mp4', storedMs: now() }, file.bytes);
          return id;
        },
      };
    },
    async picture(link) {
      const file = await open(link);
      if (!file) return undefined;
      const facts = readPicture(file.bytes);
      if (!facts) throw new Refusal(400, `Field "${link.at}" is not a JPEG, PNG or WebP image.`);
      return { bytes: file.bytes, ...facts };
    },
  };
}

/** `upload_1.mp4` without its suffix. */
export function idOfFile(name: string): string {
  return name.split('.')[0] ?? '';
}

/** Kept for a week unless somebody said for how long. */
export function isExpired(sinceMs: number, nowMs: number, keepMs = WEEK_MS): boolean {
  return nowMs >= sinceMs + keepMs;
}

/** Another origin of the same server, as a store for the public is: no key has any business there. */
export function publicOrigin(origin: string): string {
  return origin.replace('//127.0.0.1:', '//localhost:');
}

/** Throws Refusal when a host would make no character of this clip. */
export function checkCharacterClip({ at, facts }: ReferenceClip, rules: ClipRules): void {
  const { width, height, codec } = facts;
  const no = (words: string): Refusal => new Refusal(400, `Field "${at}": the video ${words}.`);
  if (codec !== 'avc1' && codec !== 'avc3') throw no(`must be H.264, but is ${codec}`);
  const [from, to] = rules.seconds;
  const outside = [facts.seconds, facts.videoSeconds].find((seconds) => seconds < from || seconds > to);
  if (outside !== undefined) {
    const wanted = to === Number.POSITIVE_INFINITY ? `at least ${from}` : `${from} to ${to}`;
    throw no(`must be ${wanted} seconds long, but is ${rounded(outside)} seconds`);
  }
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (short < rules.shortest) throw no(`must be at least ${rules.shortest}p, but is ${width}x${height}`);
  if (long > short * rules.ratio + 1) throw no(`must not be wider than ${rules.ratio.toFixed(2)}:1`);
}

/** Containers round the length and the rate of what is in them. */
const SLACK = 0.005;

/** Throws Refusal when a model would not take these clips, each or all together. */
export function checkReferenceClips(clips: readonly ReferenceClip[], rules: ReferenceRules): void {
  for (const { at, facts } of clips) {
    const { width, height } = facts;
    const looked: readonly (readonly [is: number, range: ReferenceRules['each'], what: string])[] = [
      [facts.seconds, rules.each, 'seconds long'],
      [width * height, rules.pixels, 'pixels'],
      [Math.min(width, height), rules.side, 'pixels a side'],
      [Math.max(width, height), rules.side, 'pixels a side'],
      [facts.fps, rules.fps, 'frames per second'],
      [width / height, rules.ratio, 'times as wide as high'],
    ];
    for (const [is, range, what] of looked) {
      if (isIn(is, range)) continue;
      throw new Refusal(400, `Field "${at}": the video must be ${rangeText(range)} ${what}, but is ${rounded(is)}.`);
    }
  }
  const seconds = totalSeconds(clips);
  if (clips.length === 0 || isIn(seconds, rules.seconds)) return;
  const wanted = rangeText(rules.seconds);
  throw new Refusal(400, `Reference videos must be ${wanted} seconds in all, but are ${rounded(seconds)}.`);
}

function isIn(value: number, [from, to]: readonly [number, number] = [0, Number.POSITIVE_INFINITY]): boolean {
  return value >= from - SLACK && value <= to + SLACK;
}

function rangeText([from, to]: readonly [number, number] = [0, Number.POSITIVE_INFINITY]): string {
  return to === Number.POSITIVE_INFINITY ? `at least ${from}` : `${from} to ${to}`;
}

export function totalSeconds(clips: readonly ReferenceClip[]): number {
  return clips.reduce((sum, { facts }) => sum + facts.seconds, 0);
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(3));
}
