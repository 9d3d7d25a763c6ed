import { expect, it } from 'vitest';
import { askedCharacter } from '../../src/journal/asked-cast.ts';
import { DEFAULT_CLIP_OPTIONS } from '../../src/shared/clip.ts';
import { hashOf, sampleCharacter, samplePictures } from '../helpers/samples.ts';

it('is said by its clip, also where pictures were given, else by its pictures, without any host', () => {
  const joe = sampleCharacter('Joe');
  const { stills = [], ...mia } = samplePictures('Mia', ['front', 'side']);
  const asked = { name: 'Joe', source: joe.clip.source.sha256, options: DEFAULT_CLIP_OPTIONS };
  expect(askedCharacter(joe, undefined)).toEqual(asked);
  expect(askedCharacter({ ...joe, stills }, undefined)).toEqual(asked);
  expect(askedCharacter({ ...mia, stills }, undefined)).toEqual({
    name: 'Mia',
    pictures: [hashOf('front'), hashOf('side')],
  });
  expect(askedCharacter(mia, undefined)).toBeUndefined();
});
