import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FIXTURES, makeMachine } from '../helpers/cli.ts';

const JOE = join(FIXTURES, 'joe.mp4');

describe('the main job, against the built-in sandbox', () => {
  it('makes a character of a clip and videos of the character', async () => {
    const { sora, dir } = makeMachine({ SORA_PROVIDER: 'sandbox' });

    const created = await sora(['character', 'create', JOE, '--name', 'Joe', '--json']);
    expect(created).toMatchObject({ exitCode: 0 });
    const joe = JSON.parse(created.stdout);
    expect(joe).toMatchObject({
      version: 1,
      name: 'Joe',
      master: { width: 1920, height: 1080 },
      registrations: [{ provider: 'sandbox', baseUrl: 'sandbox:', orientation: 'landscape', kind: 'id', name: 'Joe' }],
    });
    expect(joe.master.seconds).toBeGreaterThanOrEqual(2);
    expect(joe.master.seconds).toBeLessThanOrEqual(4);
    expect(statSync(joe.clipPath).size).toBe(joe.master.bytes);

    const again = await sora(['character', 'create', JOE, '--name', 'Joe', '--quiet']);
    expect(again).toMatchObject({ exitCode: 0, stdout: joe.registrations[0].value });

    const listed = await sora(['character', 'list', '--quiet']);
    expect(listed.stdout).toBe('Joe');

    const sent = await sora(['video', 'generate', 'A man waves.', '-c', 'Joe', '--json']);
    expect(sent).toMatchObject({ exitCode: 0 });
    const job = JSON.parse(sent.stdout);
    expect(job).toMatchObject({
      status: 'queued',
      characters: ['Joe'],
      request: { prompt: 'Featuring Joe. A man waves.', seconds: 4, size: { width: 1280, height: 720 } },
    });

    const waited = await sora(['video', 'wait', '@last', '--quiet']);
    expect(waited, waited.stderr).toMatchObject({ exitCode: 0, stdout: join(dir, `${job.id}.mp4`) });
    expect(existsSync(join(dir, `${job.id}.mp4`))).toBe(true);
    expect(readdirSync(dir).filter((name) => name.includes('.part'))).toEqual([]);

    const shown = JSON.parse((await sora(['video', 'show', job.id, '--json'])).stdout);
    expect(shown).toMatchObject({ status: 'succeeded', progress: 100, outputPath: join(dir, `${job.id}.mp4`) });

    // What opens a file is the system's own program, on Linux this one.
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'xdg-open'),
      `#!/bin/sh\nprintf %s "$1" > "${dir}/opened.new"\nmv "${dir}/opened.new" "${dir}/opened"\n`,
      {
        mode: 0o755,
      },
    );
    const opened = await sora(['video', 'open', job.id], { env: { PATH: `${bin}:${process.env.PATH}` } });
    expect(opened, opened.stderr).toMatchObject({ exitCode: 0, stdout: join(dir, `${job.id}.mp4`) });
    if (process.platform === 'linux') {
      await vi.waitFor(() => expect(readFileSync(join(dir, 'opened'), 'utf8')).toBe(opened.stdout), 10_000);
    }

    const portrait = await sora([
      'video',
      'generate',
      'Joe dances.',
      '-c',
      'Joe',
      '--aspect',
      '9:16',
      '-o',
      'dance.mp4',
      '--json',
    ]);
    expect(portrait).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(portrait.stdout)).toMatchObject({
      request: { prompt: 'Joe dances.', size: { width: 720, height: 1280 } },
    });
    const joeNow = JSON.parse((await sora(['character', 'show', 'Joe', '--json'])).stdout);
    expect(joeNow.registrations.map((one: { orientation: string }) => one.orientation)).toEqual([
      'landscape',
      'portrait',
    ]);
  }, 240_000);
});
