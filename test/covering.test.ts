import { describe, expect, it } from 'vitest';
import { covering } from './helpers/covering.ts';

const HOSTS = ['a', 'b', 'c'];
const FAULTS = ['down', 'slow', 'html', 'cut'];
const COMMANDS = ['list', 'wait'];
const CELLS = HOSTS.flatMap((host) => FAULTS.flatMap((fault) => COMMANDS.map((command) => [host, fault, command])));

/** Each two of its three names. */
const pairsOf = ([host, fault, command]: readonly string[]): string[] => [
  `${host} ${fault}`,
  `${host} ${command}`,
  `${fault} ${command}`,
];

describe('the cells of a table that are tested', () => {
  it('show each fact that any cell shows, in fewer cells, in their order, the same in every run', () => {
    const chosen = covering(CELLS, pairsOf, false);
    expect(new Set(chosen.flatMap(pairsOf))).toEqual(new Set(CELLS.flatMap(pairsOf)));
    // Twelve pairs of a host and a fault need twelve cells.
    expect(chosen).toHaveLength(12);
    expect(CELLS.filter((cell) => chosen.includes(cell))).toEqual(chosen);
    expect(covering(CELLS, pairsOf, false)).toEqual(chosen);
  });

  it('are all of them on request', () => {
    expect(covering(CELLS, pairsOf, true)).toEqual(CELLS);
  });

  it('are none where there are none', () => {
    expect(covering([], pairsOf, false)).toEqual([]);
  });
});
