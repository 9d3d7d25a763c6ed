import { expect, it } from 'vitest';
import { choicesOf } from '../../src/journal/choices.ts';
import { type Ask, fingerprintAsk } from '../../src/journal/fingerprint.ts';
import type { Line } from '../../src/journal/lines.ts';
import { lookAt } from '../../src/storyboards/scene-state.ts';
import { asked, done, foldTakes } from '../journal/samples.ts';

const askOf = (prompt: string): Ask => ({ v: 1, prompt, cast: [] });
const uuid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;

it('takes what is picked for the take of its own scene, where a host gave two scenes the very same file', () => {
  const lines = ['harbour', 'boat'].flatMap((scene, index): Line[] => {
    const ask = askOf(scene);
    const fp = fingerprintAsk(ask);
    const key = `take:${fp}:${uuid(index + 1)}`;
    return [asked(key, { scene, fp, ask }), done(key, `rain.takes/${scene}.mp4`)];
  });
  const pick: Line = {
    ...{ v: 1, at: '2026-01-01T00:00:00Z', key: `pick:${uuid(9)}`, line: 'pick', scene: 'boat' },
    ...{ sha256: 'c'.repeat(64), after: [] },
  };
  const views = lookAt({
    scenes: ['harbour', 'boat'].map((id) => ({ id, ask: askOf(id), takes: 1, isNamed: false })),
    takes: foldTakes({ lines }),
    ...{ choices: choicesOf([pick]), version: {} },
    ...{ familyOf: (model: string) => model, changed: false, follow: false, requirePicks: false },
    ...{ presenceOf: () => 'here' as const, isAlive: () => false, isInvisible: () => false },
  });
  expect(views.get('boat')).toMatchObject({ state: 'chosen', isStale: false, chosen: { scene: 'boat' } });
});
