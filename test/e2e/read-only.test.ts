/** A file system that is read-only, as containers and CI systems have: what only reads works, and what writes names it. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeMachine } from '../helpers/cli.ts';
import { quickened } from '../helpers/here.ts';
import { fittingJoe } from '../helpers/joe.ts';

let joe: string;
beforeAll(async () => {
  joe = await fittingJoe();
});

describe('P4: a home and a folder that are read-only', { timeout: 120_000 }, () => {
  it('are read, and what would write there says so and what to set', async ({ skip }) => {
    const base = makeMachine({ SORA_PROVIDER: 'sandbox' });
    const disk = join(base.dir, 'disk');
    mkdirSync(disk);
    if ((await execa('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk], { reject: false })).failed)
      skip('a tmpfs cannot be mounted here');
    onTestFinished(() => void execa('umount', [disk], { reject: false }));
    const machine = quickened({ ...base, dir: disk });
    const sora = (words: string, home = 'home') =>
      machine.sora(
        words.split(' ').map((word) => (word === 'JOE' ? joe : word)),
        { cwd: disk, env: { SORA_HOME: join(disk, home) } },
      );
    try {
      for (const words of ['character create JOE --name Joe --local', 'storyboard new film.md'])
        expect(await sora(words)).toMatchObject({ exitCode: 0 });
      await execa('mount', ['-o', 'remount,ro', disk]);

      for (const words of [
        ...[
          '--help',
          'character list',
          'character show Joe',
          'video list',
          'video status',
          'store check',
          'config list',
        ],
        ...['storyboard check film.md', 'storyboard plan film.md --provider openai --base-url http://127.0.0.1:9/v1'],
        'clip inspect JOE',
      ]) {
        const { exitCode, stderr } = await sora(words);
        expect(stderr).not.toContain('error:');
        expect(exitCode, words).toBe(0);
      }
      expect(await sora('video list', 'none')).toMatchObject({ exitCode: 0, stdout: 'No jobs.' });

      const refusals: readonly (readonly [words: string, home?: string])[] = [
        ['config set model sora-2'],
        ['character create JOE --name Mia'],
        ['character create JOE --name Mia', 'none'],
        ['video generate A.'],
        ['storyboard new other.md'],
        ['skill install'],
        ['sandbox serve', 'none'],
      ];
      for (const [words, home] of refusals) {
        const { exitCode, stderr } = await sora(words, home);
        expect(stderr, words).toMatch(
          /^error: .*\/disk\/.*: the file system is read-only\.\nhint: .*folder that can be writ/m,
        );
        expect(stderr).not.toContain(' -o');
        expect(exitCode).toBe(12);
      }
      const elsewhere = join(base.dir, 'joined.mp4');
      expect(await sora(`video join JOE JOE -o ${elsewhere}`)).toMatchObject({
        ...{ exitCode: 0, stderr: expect.stringContaining('are not kept') },
      });
      expect(existsSync(elsewhere)).toBe(true);
    } finally {
      await execa('umount', [disk], { reject: false });
    }
  });
});
