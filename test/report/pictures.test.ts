import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { hashText } from '../../src/disk/hash.ts';
import { imageSize } from '../../src/media/picture/formats.ts';
import { createPictures } from '../../src/report/pictures.ts';
import { pictureOf } from '../helpers/pictures.ts';
import { createTestContext } from '../helpers/runtime.ts';

it('shows the first picture of a request, small, where it is here and still the same', async () => {
  const { context, dir } = await createTestContext();
  const pictures = await createPictures(context);
  const source = join(dir, 'first.png');
  const bytes = await pictureOf('png', { width: 800, height: 450 });
  await writeFile(source, bytes);
  const reference = { kind: 'image', sha256: hashText(bytes), label: 'first.png', source } as const;
  const [url = ''] = await pictures.ofReference(reference);
  expect(url).toMatch(/^data:image\/jpeg;base64,/);
  expect(imageSize(Buffer.from(url.split(',')[1] ?? '', 'base64'))).toEqual({ width: 320, height: 180 });

  for (const other of [
    { ...reference, sha256: 'a'.repeat(64) },
    { ...reference, source: join(dir, 'none.png') },
    { ...reference, source: import.meta.filename },
    { kind: 'url', sha256: hashText(bytes), label: 'example.com', source: 'https://example.com/first.png' } as const,
    { kind: 'image', sha256: hashText(bytes), label: 'reference' } as const,
    undefined,
  ])
    expect(await pictures.ofReference(other)).toEqual([]);
});

it('shows a character of pictures by the first of them', async () => {
  const { context, dir } = await createTestContext();
  const paths: string[] = [];
  for (const width of [400, 500, 600]) {
    const path = join(dir, `${width}.png`);
    await writeFile(path, await pictureOf('png', { width, height: 400 }));
    paths.push(path);
  }
  const argv = ['character', 'create', ...paths.flatMap((path) => ['--image', path]), '--name', 'Mia', '--local', '-q'];
  expect(await runCli(argv, context.runtime)).toBe(0);
  const urls = await (await createPictures(context)).ofCharacter('Mia');
  expect(urls.map((url) => imageSize(Buffer.from(url.split(',')[1] ?? '', 'base64')))).toEqual([
    { width: 320, height: 320 },
    { width: 320, height: 256 },
  ]);
  expect(await (await createPictures(context)).ofCharacter('Nobody')).toEqual([]);
});
