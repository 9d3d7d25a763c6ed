/** A film whose render is killed again and again. Counted by what the host was asked to make. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import type { FilmReport } from '../../src/storyboards/film-report.ts';
import { makeMachine } from '../helpers/cli.ts';
import { makeVideo } from '../helpers/far-end.ts';
import { tempFolder } from '../helpers/temp.ts';
import { rendererOf } from '../sandbox/harness.ts';

const SCENES = 24;
const KILLS = 10;

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe('a render of twenty-four scenes', () => {
  it('killed ten times at any of the answers of its host makes each scene once, or names it with exit 7', async () => {
    const stateDir = await tempFolder();
    let answers = 0;
    let killAt = Number.POSITIVE_INFINITY;
    let kill = (): void => {};
    const sandbox = await startSandbox({
      ...{ stateDir, ffmpeg: 'none', renderer: rendererOf(await makeVideo()) },
      scenario: { version: 1, jobSeconds: 0.05 },
      log() {
        answers += 1;
        if (answers === killAt) kill();
      },
    });
    onTestFinished(() => sandbox.close());
    // Without ffmpeg: decoding would take longer than all the rest.
    const machine = makeMachine({
      ...{ PATH: '/nonexistent', SORA_FFMPEG: '/nonexistent', OPENAI_BASE_URL: sandbox.url, OPENAI_API_KEY: 'sandbox' },
    });
    const scenes = Array.from(
      { length: SCENES },
      (_, index) => `## Scene ${index}\n\nWave number ${index} comes in.\n`,
    );
    writeFileSync(join(machine.dir, 'sea.md'), `---\nsora: 1\n---\n\n${scenes.join('\n')}`);
    const words = ['storyboard', 'render', 'sea.md', '--yes', '--jobs', '4', '--poll-interval', '100ms', '--json'];
    const random = seeded(20_261_128);
    let killed = 0;
    for (let round = 0; round < KILLS; round++) {
      killAt = answers + 1 + Math.floor(random() * 14);
      const run = machine.sora(words);
      kill = () => void run.kill('SIGKILL');
      if ((await run).signal === 'SIGKILL') killed += 1;
    }
    expect(killed).toBeGreaterThan(KILLS / 2);
    killAt = Number.POSITIVE_INFINITY;
    const { exitCode, stdout } = await machine.sora(words);
    const report = JSON.parse(String(stdout)) as FilmReport;
    expect(exitCode).toBe(report.exit);
    const prompts = readdirSync(join(stateDir, 'jobs'))
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(stateDir, 'jobs', name), 'utf8')).prompt as string);
    expect(new Set(prompts).size).toBe(prompts.length);
    const unknown = report.scenes.filter(({ state }) => state === 'unknown').length;
    // Its videos are shorter and smaller than ordered: they wait for a person.
    expect(report.scenes.filter(({ state }) => state === 'to pick')).toHaveLength(SCENES - unknown);
    expect(report.exit).toBe(unknown > 0 ? 7 : 9);
    expect(prompts.length).toBeGreaterThanOrEqual(SCENES - unknown);
    const takes = readdirSync(join(machine.dir, 'sea.takes')).filter(
      (name) => name.endsWith('.mp4') && !name.startsWith('.'),
    );
    expect(takes).toHaveLength(SCENES - unknown);
    expect(existsSync(join(machine.dir, 'sea.md.journal.jsonl'))).toBe(true);
  }, 240_000);
});
