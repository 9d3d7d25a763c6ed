/**
 * When the pictures of a clip are shown, by the time stamps of its packets as the ffmpeg that converts it reads them.
 * Headers tell an average rate and a length; which frames there are, and when, only the time stamps do. Pure.
 */

export interface Packet {
  /** Presentation time in ticks. */
  readonly at: number;
  /** Duration in ticks; 0 when unknown. */
  readonly lasts: number;
  readonly isKey: boolean;
  /** An edit list hides it: it is decoded because others refer to it, and not shown. */
  readonly isHidden: boolean;
}

/** Seconds count from the beginning of the file, which is where its first stream begins. */
export interface Timeline {
  /** When each picture is shown, ascending. Never empty. */
  readonly times: readonly number[];
  /** How many packets carry these times: more where several share one. */
  readonly packets: number;
  /** Times of those that can be decoded without others. */
  readonly keys: readonly number[];
  /** The end of the last one. */
  readonly end: number;
  /** Pictures that an edit list hides. */
  readonly hidden: number;
  /** Pictures before the first keyframe, which cannot be decoded. */
  readonly leading: number;
  /** Unit of the time stamps, in seconds. */
  readonly tick: number;
  /** The `n` of ffmpeg's `0:V:n`. */
  readonly stream: number;
  /** The time stamp at which the file begins, in seconds. */
  readonly origin: number;
  /** Seconds into the file at which reading began: earlier pictures are not among them. */
  readonly from: number;
  /** Whether the last picture of the file is among them. */
  readonly isComplete: boolean;
  /** Long, and of no use in a document. */
  toJSON(): undefined;
}

const KEY = 1;
const DISCARD = 4;
/** Time stamps that are not known are written as the least number of 64 bits. */
const UNKNOWN_BELOW = -1e15;

export interface Listing {
  /** Seconds. */
  readonly tick: number;
  /** In decoding order. */
  readonly packets: readonly Packet[];
  /**
   * ffmpeg moves time stamps that do not rise, as they do not where an edit list shows several parts of a stream: then
   * only decoding tells when its pictures are shown, and no second of it can be seeked to.
   */
  readonly isMoved: boolean;
  /** Some of the pictures have no presentation time, as in AVI and PS with B-frames: their decoding times are not in their order. */
  readonly isPartial: boolean;
}

/** Reads ffmpeg's framecrc listing: `#tb 0: 1/90000`, then `stream, dts, pts, duration, size, checksum[, F=flags]`. */
export function readPackets(lines: readonly string[]): Listing | undefined {
  const base = /^#tb 0: (\d+)\/(\d+)/.exec(lines.find((line) => line.startsWith('#tb 0:')) ?? '');
  const tick = base ? Number(base[1]) / Number(base[2]) : Number.NaN;
  if (!(tick > 0)) return undefined;
  let before = Number.NEGATIVE_INFINITY;
  let [isMoved, isPartial] = [false, false];
  const packets = lines.flatMap((line): Packet[] => {
    const match = /^0,\s*(-?\d+),\s*(-?\d+),\s*(\d+),[^F]*(?:F=0x([\dA-Fa-f]+))?/.exec(line);
    if (!match) return [];
    const [dts, pts, lasts] = [Number(match[1]), Number(match[2]), Number(match[3])];
    // Keyframes without other flags carry none.
    const flags = match[4] === undefined ? KEY : Number.parseInt(match[4], 16);
    const at = pts > UNKNOWN_BELOW ? pts : dts;
    isMoved ||= dts === before;
    isPartial ||= pts <= UNKNOWN_BELOW;
    before = dts;
    return [{ at, lasts, isKey: (flags & KEY) !== 0, isHidden: (flags & DISCARD) !== 0 }];
  });
  return { tick, packets, isMoved, isPartial };
}

/** Reads what the `showinfo` filter prints, at any level of ffmpeg's log. */
export function readShown(lines: readonly string[]): Pick<Listing, 'tick' | 'packets'> | undefined {
  const base = lines.map((line) => /config in time_base: (\d+)\/(\d+)/.exec(line)).find((match) => match !== null);
  const tick = base ? Number(base[1]) / Number(base[2]) : Number.NaN;
  if (!(tick > 0)) return undefined;
  const packets = lines.flatMap((line): Packet[] => {
    const at = /Parsed_showinfo.*\bn: *\d+ pts: *(-?\d+) /.exec(line)?.[1];
    // Where nothing can be seeked to, nothing is a keyframe but the first.
    return at === undefined ? [] : [{ at: Number(at), lasts: 0, isKey: false, isHidden: false }];
  });
  return { tick, packets };
}

/** The time stamp at which a file begins, by ffmpeg's line about it. */
export function readOrigin(stderr: string): number {
  return Number(/^ +Duration: .*\bstart: (-?[\d.]+)/m.exec(stderr)?.[1] ?? 0);
}

/** Of a listing to the end of the file. Undefined when no picture of it is shown. */
export function timelineOf(
  { tick, packets }: Pick<Listing, 'tick' | 'packets'>,
  { origin, from, stream }: Pick<Timeline, 'origin' | 'from' | 'stream'>,
): Timeline | undefined {
  const firstKey = Math.max(
    0,
    packets.findIndex(({ isKey }) => isKey),
  );
  const entry = packets[firstKey];
  if (!entry) return undefined;
  // Pictures that follow the first keyframe and are shown before it refer to what is not there.
  const decodable = packets.slice(firstKey).filter(({ at }) => at >= entry.at);
  const shown = decodable.filter(({ isHidden }) => !isHidden).sort((a, b) => a.at - b.at);
  const last = shown.at(-1);
  if (!last) return undefined;
  // To the nanosecond: a difference of two times is never quite what it should be.
  const seconds = (ticks: number): number => Math.round((ticks * tick - origin) * 1e9) / 1e9;
  // Several packets of one time make one picture: fields, and frames of VP9 that are not shown.
  const ats = shown.map(({ at }) => at).filter((at, index, all) => at !== all[index - 1]);
  const usual = commonest(gapsOf(ats), 1)?.mean ?? last.lasts;
  // Some builds count a duration in other units: shorter than a frame it says nothing.
  const lasts = last.lasts > usual * 1.5 ? last.lasts : usual;
  return {
    times: ats.map(seconds),
    packets: shown.length,
    keys: decodable.filter(({ isKey }) => isKey).map(({ at }) => seconds(at)),
    end: seconds(last.at + lasts),
    hidden: packets.filter(({ isHidden }) => isHidden).length,
    leading: packets.length - decodable.length,
    ...{ tick, stream, origin, from },
    isComplete: true,
    toJSON: () => undefined,
  };
}

/** That of pictures which the container shows at one time: some builds give them times that it does not have. Pure. */
export function atOneTime(timeline: Timeline): Timeline {
  return { ...timeline, times: [0], keys: [0], end: 0, isComplete: true };
}

export interface FrameRate {
  readonly fps: number;
  /** One picture on every place of the grid, give or take the rounding of time stamps. */
  readonly constant: boolean;
  /** The time stamps lie on the grid exactly, so that a copy has frames of one length. */
  readonly exact: boolean;
}

/** Rates that recordings mean. */
const STANDARD_FPS = [10, 12, 15, 20, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60, 120];
const WHOLE_FPS = STANDARD_FPS.filter(Number.isInteger);
/** Intervals whose ratio is less are one: cameras take their pictures at uneven times. 25 and 30 fps are further apart. */
const LIKENESS = 1.18;
/** A rate that holds for less than this share of the intervals is an accident. */
const LEAST_SHARE = 0.1;
const HIGHEST_FPS = 61;

/**
 * The rate by the commonest interval of the time stamps, or by a part of it that is common too: the one at which most
 * pictures stay where they are. An average would fall between the rates of a clip that has two, and fall with every
 * missing picture. Undefined for fewer than two pictures, or when all have one time.
 */
export function frameRate({ times, end, tick }: Pick<Timeline, 'times' | 'end' | 'tick'>): FrameRate | undefined {
  const gaps = gapsOf(times);
  const usual = commonest(gaps, tick);
  if (!usual) return undefined;
  const finer = gaps
    .filter((gap) => 1 / gap <= HIGHEST_FPS && isPart(gap, usual.mean, tick))
    .map((gap) => alike(gaps, gap, tick))
    .filter(({ count }) => count >= gaps.length * LEAST_SHARE);
  const base = finer.sort((a, b) => a.mean - b.mean)[0] ?? usual;
  const steps = gaps.map((gap) => Math.max(1, Math.round(gap / base.mean)));
  const isGrid = gaps.every((gap, index) => Math.abs(gap - (steps[index] ?? 1) * base.mean) <= slack(base.mean, tick));
  const fps = isGrid ? gridRate(gaps, steps, tick) : (nearest(WHOLE_FPS, 1 / base.mean) ?? 1 / base.mean);
  const lasts = end - (times.at(-1) ?? 0);
  const constant = isGrid && steps.every((step) => step === 1) && lasts <= base.mean + slack(base.mean, tick);
  const spread = Math.max(...gaps) - Math.min(...gaps);
  return { fps, constant, exact: constant && spread < tick / 2 };
}

/** What the rounding of time stamps may do to an interval. */
function slack(interval: number, tick: number): number {
  return Math.max(tick * 1.01, interval * 0.01);
}

function gapsOf(times: readonly number[]): number[] {
  return times
    .slice(1)
    .map((at, index) => at - (times[index] ?? 0))
    .filter((gap) => gap > 0);
}

interface Cluster {
  readonly count: number;
  readonly mean: number;
}

/** Those from this one up to what still is alike. */
function alike(gaps: readonly number[], gap: number, tick: number): Cluster {
  const near = gaps.filter((other) => other >= gap * 0.9999 && other <= Math.max(gap * LIKENESS, gap + tick * 1.01));
  return { count: near.length, mean: sum(near) / near.length };
}

function commonest(gaps: readonly number[], tick: number): Cluster | undefined {
  const clusters = [...new Set(gaps)].map((gap) => alike(gaps, gap, tick));
  return clusters.reduce<Cluster | undefined>((best, one) => (best && best.count >= one.count ? best : one), undefined);
}

function isPart(gap: number, whole: number, tick: number): boolean {
  const times = Math.round(whole / gap);
  return times >= 2 && Math.abs(whole - times * gap) <= Math.max(whole * 0.06, tick * 2);
}

/** The rate of even steps: of the standard ones that it may be, the one whose times are off by the least. */
function gridRate(gaps: readonly number[], steps: readonly number[], tick: number): number {
  const span = sum(gaps);
  const measured = sum(steps) / span;
  // Absolute deviations: the last pictures that a decoder gives may lie beside the grid.
  const spread = (fps: number): number => {
    let [at, place] = [0, 0];
    const off = gaps.map((gap, index) => {
      at += gap;
      place += steps[index] ?? 1;
      return at - place / fps;
    });
    const middle = off.toSorted((a, b) => a - b)[Math.floor(off.length / 2)] ?? 0;
    return sum(off.map((one) => Math.abs(one - middle)));
  };
  const near = STANDARD_FPS.filter((rate) => Math.abs(measured / rate - 1) <= 0.0003 + tick / span);
  return near.sort((a, b) => spread(a) - spread(b))[0] ?? measured;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of uneven times: they cannot tell 29.97 from 30. */
function nearest(rates: readonly number[], fps: number): number | undefined {
  const near = rates.filter((rate) => Math.abs(fps / rate - 1) <= 0.02);
  return near.sort((a, b) => Math.abs(a - fps) - Math.abs(b - fps))[0];
}

/** The first picture at or after this second, within half a frame; undefined when there is none. */
export function pictureAt({ times }: Timeline, seconds: number, fps: number): number | undefined {
  return times.find((at) => at >= seconds - 0.5 / fps - 1e-6);
}

/** What is decoded before a picture that is asked for: seeking is exact to about this, and open groups refer back. */
const LEAD_SECONDS = 1;

/**
 * Where decoding has to begin, so that the picture of this second comes out whole in every container: a second before the
 * second keyframe before it. 0 is the beginning, where nothing can go wrong.
 */
export function seekPointBefore({ keys }: Pick<Timeline, 'keys'>, seconds: number): number {
  const before = keys.filter((key) => key <= seconds - LEAD_SECONDS / 2);
  const from = (before.at(-2) ?? 0) - LEAD_SECONDS;
  return from > 0 ? Math.floor(from * 1000) / 1000 : 0;
}
