import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeUrl } from '../../src/shared/relative-url.ts';

describe('the URL of a file beside another', () => {
  it.each([
    ['/a', '/a/x.mp4', 'x.mp4'],
    ['/a/b', '/a/takes/x y.mp4', '../takes/x%20y.mp4'],
    ['/a', '/a/100%#?&"\u00e9.mp4', '100%25%23%3F%26%22%C3%A9.mp4'],
    ['/a', '/a/javascript:alert(1).mp4', 'javascript%3Aalert(1).mp4'],
  ])('from %s to %s is %s', (folder, file, url) => {
    expect(relativeUrl(folder, file)).toBe(url);
  });

  it('leads to the same file, whatever it is called', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((one) => !/[/\0]|^\.\.?$/.test(one));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        const path = parts.join('/');
        const url = relativeUrl('/films', join('/films', path));
        expect(new URL(url, 'file:///films/').href).toBe(new URL(`file:///films/${url}`).href);
        expect(decodeURIComponent(url)).toBe(path.toWellFormed());
      }),
    );
  });
});
