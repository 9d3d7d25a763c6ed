import { expect, it } from 'vitest';
import { sceneText } from '../../src/storyboards/film-outcome.ts';
import type { SceneReport } from '../../src/storyboards/film-report.ts';

it.each<[string | undefined, string]>([
  [undefined, 'hill: missing'],
  ['Nothing was sent.', 'hill (missing): nothing was sent.'],
  ['It was refused.', 'hill (missing): it was refused.'],
  ['Italy is not in your cast.', 'hill (missing): Italy is not in your cast.'],
  ['Joe is not here any more.', 'hill (missing): Joe is not here any more.'],
])('a scene whose reason is %j is told as %j', (why, told) => {
  expect(sceneText({ id: 'hill', state: 'missing', ...(why !== undefined && { why }) } as SceneReport)).toBe(told);
});
