import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../src/http/retry.ts';

describe('retryDelayMs', () => {
  it.each([
    { attempt: 0, random: 0, ms: 250 },
    { attempt: 0, random: 1, ms: 500 },
    { attempt: 1, random: 0, ms: 500 },
    { attempt: 3, random: 0.5, ms: 3000 },
    { attempt: 5, random: 1, ms: 16_000 },
    { attempt: 50, random: 1, ms: 16_000 },
  ])('waits $ms ms before try $attempt when chance says $random', ({ attempt, random, ms }) => {
    expect(retryDelayMs(attempt, undefined, () => random)).toBe(ms);
  });

  it.each([
    { asked: 0, ms: 0 },
    { asked: 7000, ms: 7000 },
    { asked: 3_600_000, ms: 60_000 },
    { asked: -5, ms: 0 },
  ])('waits $ms ms when the host asks for $asked', ({ asked, ms }) => {
    expect(retryDelayMs(2, asked, () => 1)).toBe(ms);
  });
});
