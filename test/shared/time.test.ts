import { describe, expect, it } from 'vitest';
import { formatDuration, formatRange, parseTime, relativeTime } from '../../src/shared/time.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

it.each([
  [0, 'just now'],
  [-4, 'just now'],
  [-5, '5 s ago'],
  [-59, '59 s ago'],
  [-59.7, '1 min ago'],
  [-3 * MINUTE, '3 min ago'],
  [-59.6 * MINUTE, '1 h ago'],
  [-35 * HOUR, '35 h ago'],
  [-36 * HOUR, '2 days ago'],
  [-59 * DAY, '59 days ago'],
  [-61 * DAY, '2 months ago'],
  [-800 * DAY, '2 years ago'],
  [2 * DAY, 'in 2 days'],
  [90, 'in 2 min'],
])('%d s from now is %s', (seconds, expected) => {
  expect(relativeTime(new Date(NOW + seconds * 1000).toISOString(), NOW)).toBe(expected);
});

it('says what is no date as it is', () => {
  expect(relativeTime('soon', NOW)).toBe('soon');
});

it.each([
  [-1, '0 s'],
  [59.9, '59 s'],
  [80, '1 min 20 s'],
  [2 * HOUR + 5 * MINUTE, '2 h 5 min'],
  [DAY + 4 * HOUR, '1 day 4 h'],
  [3 * DAY, '3 days 0 h'],
])('%d s last %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

it.each([
  [0, 3.2, 'less than 4 s'],
  [0, 0, 'less than 1 s'],
  [3, 8, '3 to 8 s'],
  [22, 41, '20 to 45 s'],
  [44, 45, '40 to 45 s'],
  [60, 90, '60 to 90 s'],
  [100, 239, '1 to 4 min'],
  [30, 91, 'less than 2 min'],
  [120, 120, 'about 2 min'],
  [2 * HOUR, 3.5 * HOUR, '2 to 4 h'],
])('from %d to %d s is %s', (low, high, expected) => {
  expect(formatRange(low, high)).toBe(expected);
});

describe('parseTime', () => {
  it.each([
    ['3.2', 3.2],
    ['3.2s', 3.2],
    ['0', 0],
    ['250ms', 0.25],
    ['15m', 900],
    ['1.5h', 5400],
    ['2h', 7200],
    ['30d', 2_592_000],
    ['00:03.2', 3.2],
    ['1:05', 65],
    ['90:00', 5400],
    ['1:02:03', 3723],
    ['100:00:00.5', 360_000.5],
  ])('reads %s as %d s', (text, seconds) => {
    expect(parseTime(text)).toBeCloseTo(seconds, 9);
  });

  it.each([
    '',
    ' 3',
    '-3',
    '+3',
    '3.',
    '.5',
    '3 s',
    '3sec',
    '3M',
    '1e3',
    '0x10',
    'Infinity',
    '1:75',
    '1:75:00',
    ':30',
    '1:',
    '1:2:3:4',
    '3,2',
    '3s\n',
    '٣',
  ])('takes %j for no time', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
