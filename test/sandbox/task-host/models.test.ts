import { describe, expect, it } from 'vitest';
import { labelOf } from '../../../src/sandbox/task-host/models.ts';

describe('what a reference clip is called', () => {
  it.each<[string, number, string | undefined]>([
    ['Joe is the character in @Video1.', 1, 'Joe'],
    ['A hill. Joe Smith is the character in @Video1. He waves.', 1, 'Joe Smith'],
    ['Joe is the character in @Video1. Mia is the character in @Video2. They dance.', 2, 'Mia'],
    ['Joe is the character in @Video1. Mia is the character in @Video2. They dance.', 1, 'Joe'],
    ['A beach\nZoë is the character in @Video1.', 1, 'Zoë'],
    ['@Video1 waves', 1, '@Video1'],
    [' is the character in @Video1', 1, '@Video1'],
    ['@Video12 waves', 1, undefined],
    ['Joe waves', 1, undefined],
  ])('%j, number %i: %s', (prompt, number, label) => {
    expect(labelOf(prompt, number)).toBe(label);
  });
});
