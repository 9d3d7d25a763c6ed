import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Machine, makeMachine, said } from '../helpers/cli.ts';
import { makeQuickMachine } from '../helpers/here.ts';
import { fittingJoe } from '../helpers/joe.ts';

const GENERATE = ['video', 'generate', 'Joe waves.', '-c', 'Joe', '-o', 'joe-waves.mp4', '--poll-interval', '100ms'];

/** A machine that has made Joe in the sandbox, and the folder that its team commits. */
async function makeTeam(env: Readonly<Record<string, string>> = { SORA_PROVIDER: 'sandbox' }) {
  const maker = makeQuickMachine(env);
  const made = await maker.sora(['character', 'create', await fittingJoe(), '--name', 'Joe', '-q']);
  expect(made.exitCode, made.stderr).toBe(0);
  const exported = await maker.sora(['character', 'export', '-o', 'cast.json', '--with-clips', '-q']);
  expect(exported).toMatchObject({ exitCode: 0, stdout: join(maker.dir, 'cast.json') });
  return { ...maker, id: made.stdout };
}

/** As a checkout of the repository brings them. */
function checkout(from: Pick<Machine, 'dir'>, to: Pick<Machine, 'dir'>): void {
  for (const name of ['cast.json', 'cast.clips']) cpSync(join(from.dir, name), join(to.dir, name), { recursive: true });
}

function charactersOf({ home }: Pick<Machine, 'home'>): string[] {
  const folder = join(home, 'characters');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
}

describe('a cast on empty machines', () => {
  it('is imported on one, and merely read on another; both make the video', async () => {
    const team = await makeTeam();
    const [second, ci] = [
      makeQuickMachine({ SORA_PROVIDER: 'sandbox' }),
      makeQuickMachine({ SORA_PROVIDER: 'sandbox' }),
    ];
    checkout(team, second);
    checkout(team, ci);
    rmSync(team.dir, { recursive: true });

    expect(await second.sora(['character', 'import', 'cast.json'])).toMatchObject({
      exitCode: 0,
      stdout: 'Joe: added',
    });
    rmSync(join(second.dir, 'cast.clips'), { recursive: true });
    const imported = await second.sora(GENERATE);
    expect(imported.exitCode, imported.stderr).toBe(0);

    const before = readFileSync(join(ci.dir, 'cast.json'), 'utf8');
    const env = { SORA_CAST: 'cast.json' };
    expect(await ci.sora(['character', 'list', '-q'], { env })).toMatchObject({ exitCode: 0, stdout: 'Joe' });
    expect(charactersOf(ci)).toEqual([]);
    const overlaid = await ci.sora(GENERATE, { env });
    expect(overlaid.exitCode, overlaid.stderr).toBe(0);
    expect(readFileSync(join(ci.dir, 'cast.json'), 'utf8')).toBe(before);
    // The sandbox of this machine did not know Joe: the new registration is here, and in no committed file.
    expect(charactersOf(ci)).toHaveLength(1);
    for (const { dir } of [second, ci]) expect(existsSync(join(dir, 'joe-waves.mp4'))).toBe(true);
  });

  it('needs neither a clip nor ffmpeg where the host knows everybody', async () => {
    const host = makeMachine();
    const server = host.sora(['sandbox', 'serve']);
    let printed = '';
    server.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    await said(server, 'stdout', 'OPENAI_API_KEY');
    const url = /OPENAI_BASE_URL=(\S+)/.exec(printed)?.[1] ?? '';
    try {
      const env = { OPENAI_BASE_URL: url, OPENAI_API_KEY: 'sandbox', SORA_PROVIDER: 'openai' };
      const team = await makeTeam(env);
      const ci = makeMachine({ ...env, SORA_FFMPEG: '/nowhere/ffmpeg', PATH: '' });
      checkout(team, ci);
      rmSync(join(ci.dir, 'cast.clips'), { recursive: true });
      const sent = await ci.sora(['--cast', 'cast.json', ...GENERATE.slice(0, 5), '--json']);
      expect(sent.exitCode, sent.stderr).toBe(0);
      expect(JSON.parse(sent.stdout)).toMatchObject({
        baseUrl: url,
        request: { characters: [{ name: 'Joe', value: team.id }] },
      });
      expect(charactersOf(ci)).toEqual([]);
    } finally {
      server.kill('SIGINT');
      await server;
    }
  });
});
