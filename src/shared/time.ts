/** Time as people write it and as they say it. Pure. */

const DAY = 86_400;

/** Singular and plural of each unit, its seconds, and where the next larger one takes over. */
const UNITS: readonly { words: readonly [string, string]; seconds: number; below: number }[] = [
  { words: ['s', 's'], seconds: 1, below: 60 },
  { words: ['min', 'min'], seconds: 60, below: 3600 },
  { words: ['h', 'h'], seconds: 3600, below: 1.5 * DAY },
  { words: ['day', 'days'], seconds: DAY, below: 60 * DAY },
  { words: ['month', 'months'], seconds: 30.44 * DAY, below: 730 * DAY },
  { words: ['year', 'years'], seconds: 365.25 * DAY, below: Number.POSITIVE_INFINITY },
];

/** `3 min ago`, `in 2 days`; what is no date is said as it is. */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return iso;
  if (Math.abs(seconds) < 5) return 'just now';
  const text = roughDuration(Math.abs(seconds));
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

/** `45 s`, `3 min`, `2 days`: in the largest unit. */
export function roughDuration(seconds: number): string {
  const counts = UNITS.map((unit) => ({ ...unit, count: Math.round(seconds / unit.seconds) }));
  // Judged by what would be said: 59.7 s are a minute, not 60 s.
  const unit = counts.find((one) => one.count * one.seconds < one.below);
  return unit === undefined ? '' : `${unit.count} ${unit.words[unit.count === 1 ? 0 : 1]}`;
}

/** `45 s`, `1 min 20 s`, `2 h 5 min`, `3 days 4 h`: the two largest units. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'} ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** `2 to 4 min`, `about 30 s`, `less than 2 min`: never finer than it can be known. */
export function formatRange(lowSeconds: number, highSeconds: number): string {
  const [unit, size] =
    highSeconds <= 90 ? (['s', 1] as const) : highSeconds <= 90 * 60 ? (['min', 60] as const) : (['h', 3600] as const);
  const step = unit === 's' && highSeconds > 20 ? 5 : 1;
  const high = Math.max(1, Math.ceil(highSeconds / size / step)) * step;
  const low = Math.floor(lowSeconds / size / step) * step;
  if (low <= 0) return `less than ${high} ${unit}`;
  return low === high ? `about ${high} ${unit}` : `${low} to ${high} ${unit}`;
}

/** Seconds in `3.2`, `3.2s`, `00:03.2`, `90:00`, `1:02:03`, `15m`, `2h`, `30d`; undefined when it is none of these. */
export function parseTime(text: string): number | undefined {
  const unit = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (unit) return Number(unit[1]) * (TIME_UNITS[unit[2] ?? 's'] ?? 1);
  const clock = /^(?:(\d+):(?=[0-5]?\d:))?(\d{1,2}):([0-5]?\d(?:\.\d+)?)$/.exec(text);
  if (!clock) return undefined;
  return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
}

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Milliseconds between two in `2/min`, `10/s`, `100/h`; undefined when it is none of these. */
export function parseRate(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\/(s|sec|m|min|h|hour)$/.exec(text) ?? [];
  const unitMs = { s: 1000, sec: 1000, m: 60_000, min: 60_000, h: 3_600_000, hour: 3_600_000 }[unit];
  return unitMs === undefined || Number(count) <= 0 ? undefined : unitMs / Number(count);
}

/** Time as the outer world gives it, so that tests can replace it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
