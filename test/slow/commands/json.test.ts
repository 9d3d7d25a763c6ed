import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runDemo } from '../../../src/cli/demo.ts';
import { loadAllCommands } from '../../../src/cli/options.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { runCli } from '../../../src/cli/run.ts';
import { runStoryboardOpen } from '../../../src/commands/storyboard/open.ts';
import { runVideoOpen } from '../../../src/commands/video/open.ts';
import { type Context, createContext } from '../../../src/context.ts';
import { readTopic } from '../../../src/help/read-topic.ts';
import { startSandbox } from '../../../src/sandbox/server.ts';
import { createUi } from '../../../src/terminal/ui.ts';
import { leavesOf } from '../../helpers/commands.ts';
import { cachedFfmpegPath } from '../../helpers/ffmpeg-cache.ts';
import { fittingJoe, smallJoe } from '../../helpers/joe.ts';
import { runtimeIn } from '../../helpers/runtime.ts';
import { misfits, readShapes } from '../../helpers/shapes.ts';
import { rendererOf } from '../../sandbox/harness.ts';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));
const SHAPES = readShapes(readTopic('json'));
const ONE_PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Every command once, in an order in which each finds what it needs. A line after `#` says what the host does from there on, or whose record becomes one of an earlier version. */
const SESSION = `
sora
character create fits.mp4 --name Ann --dry-run
character create fits.mp4 --name Ann
character create small.mp4 --name Joe --local
character rename Joe Jim
character rename Jim Joe
character sync
character list
character show Ann --sheet ann.png
character stills Joe
character edit Joe --kind drawn --consent given
character create --image ann.png --name Pia --dry-run
character create --image ann.png --name Pia --description dog
character show Pia
character export -o cast.json --with-clips
character import cast.json
config set model openai/sora-2/text-to-video
character sync Ann --provider wavespeed
config unset model
character show Ann
character adopt @ann --name Max --orientation landscape --as-registered
character show Max
storyboard new ad.md
storyboard check ad.md --variant tall
storyboard show ad.md --var weather=snow
storyboard check music.json --quality final
storyboard show music.json
storyboard export ad.md --to json -o ad.json
video generate Sea. -c Joe --provider wavespeed --model google/gemini-omni-1.1-flash/reference-to-video --dry-run
character remove Joe --yes
clip inspect small.mp4 --start 0.5
clip inspect fits.mp4 --crop-bars
clip inspect short.mp4
clip prepare fits.mp4 -o copied.mp4
clip prepare small.mp4 -o converted.mp4
clip prepare fits.mp4 -o other.mp4 --dry-run
clip sheet fits.mp4
video frame fits.mp4 --last -o last.png
video join fits.mp4 small.mp4 -o film.mp4
video generate Sea. -c Ann --dry-run --auto-cast
video generate Sea. -c Ann --key a -o sea.mp4 --allow-drift
video generate Sea. -c Ann --key a --dry-run
video generate Ann. --auto-cast --count 2 --tag night
video generate Sea. --reference ${ONE_PIXEL}
video status
video status @last --debug
video wait @last --allow-drift
video show @last
video list
video list --remote
video download @1 -o again.mp4 --allow-drift
video check again.mp4 fits.mp4
video check fits.mp4
video report -o report.html
video extend @last On. --dry-run
video extend @last On. --wait --allow-drift
video edit @last Night. --wait --allow-drift
video remix @last Rain.
# {"version":1,"jobs":[{"fail":{"code":"server_error","message":"No."}}]}
video generate Fail.
video wait @last
video show @last
video list --remote
# {"version":1,"use":["reset-before"]}
video generate Lost.
# {"version":1}
video status
video resend @last
# {"version":1,"use":["reset-before"]}
video generate Gone.
# {"version":1}
video close @last --yes
video delete @1 --yes
video generate Stop. --provider eachlabs
video cancel @last
video prune --older-than 0s --dry-run
batch check prompts.jsonl
batch run prompts.jsonl --dry-run
# {"version":1,"jobs":[{"fail":{"code":"moderation_blocked","message":"No."}}]}
batch run prompts.jsonl --max-cost 9 --jobs 1 --allow-drift
# {"version":1}
batch status prompts.jsonl --max-cost 9
batch run others.jsonl --provider eachlabs --timeout 0s
batch run others.jsonl --provider eachlabs --timeout 1s
batch cancel others.jsonl --provider eachlabs
storyboard plan rain.md
storyboard render rain.md --dry-run
storyboard render rain.md --max-cost 9 --jobs 1
storyboard retake rain.md harbour --yes
storyboard takes rain.md
storyboard reject rain.md harbour 2
storyboard prune rain.md --rejected
storyboard pick rain.md harbour 1
storyboard assemble rain.md --variant one -o rain.mp4
storyboard report rain.md --variant one -o rain.html
storyboard export rain.md --variant one --to otio -o rain.otio
storyboard export rain.md --variant one --to srt -o rain.srt
# {"version":1,"rules":[{"match":{"call":"create"},"times":1,"reset":"before"},{"match":{"call":"list"},"respond":{"status":404}}]}
storyboard retake rain.md harbour --yes
storyboard close rain.md harbour 3
# {"version":1,"rules":[{"match":{"call":"create"},"times":1,"reset":"after"},{"match":{"call":"list"},"respond":{"status":404}}]}
storyboard retake rain.md harbour --yes
storyboard adopt rain.md harbour 4 @newest
# {"version":1}
storyboard render rain.md --provider eachlabs --timeout 0s --yes
storyboard retake rain.md harbour --provider eachlabs --timeout 1s --yes
storyboard cancel rain.md --provider eachlabs
# {"version":1,"use":["reset-after"]}
character create fits.mp4 --name Eve
# {"version":1}
# old Eve
character show Eve
video generate Sea. -c Ann --provider fal --model fal-ai/veo3.1/reference-to-video
character show Ann
provider list
provider models
auth login openai < sk-123456789012345678
auth status
auth status openai
auth logout openai
config set model sora-2
config get model
config get profiles.default
config list
config path
config unset model
store path
costs --by tag
costs --since 1d --tag night
store check
sandbox serve
doctor
skill show
skill install
skill install
completion bash
help json
clip --help
`
  .trim()
  .split('\n');

/** With everything that a storyboard can say. */
const STORYBOARD = {
  ...{ sora: 1, title: 'Rain', size: '1280x720', fps: 24, music: 'a.wav', qualities: { draft: {}, final: {} } },
  scenes: [
    {
      id: 'a',
      prompt: 'Sea.',
      cast: ['Nobody'],
      seconds: 4,
      model: 'm',
      reference: 'p.png',
      subtitle: 'S',
      style: 'S',
    },
    { id: 'b', prompt: 'Sea.', continues: 'a', voice: 'a.wav', trim: '1-2' },
  ],
};

interface Ran {
  readonly line: string;
  readonly exit: number;
  readonly json: unknown;
  readonly stderr: readonly unknown[];
}

const RAN: Ran[] = [];
const SEEN = new Set<string>();

/** As if an earlier version had prepared the character of that name. */
async function makeOld(folder: string, name: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.json')) continue;
    const { source, ...record } = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const { facts: _, ...bare } = source ?? {};
    const options = { ...record.options, start: 1 };
    const old = { ...record, options, planVersion: 2, source: bare };
    if (record.name === name) await writeFile(join(folder, file), JSON.stringify(old));
  }
}

/** What a command is given that is not run by its line, because it starts what no test may start. */
function commandOf({ runtime }: ReturnType<typeof runtimeIn>): Context {
  const plain = { color: { stdout: false, stderr: false }, animate: false };
  const ui = createUi({ ...runtime, json: true, quiet: false, ...plain });
  return createContext(runtime, { json: true, quiet: false, debug: false }, ui);
}

/** The row of the table that says what a line prints. */
function rowOf(line: string): string {
  const words = line.split(' ');
  if (line === 'sora') return 'sora';
  if (line.endsWith(' --help')) return '--help';
  const names = [words[0] ?? '', words.slice(0, 2).join(' ')].filter((name) => SHAPES.commands.has(name));
  const name = names.at(-1) ?? '';
  const [marked] = ['--dry-run', '--remote'].filter((flag) => words.includes(flag));
  if (marked && SHAPES.commands.has(`${name} ${marked}`)) return `${name} ${marked}`;
  return marked === '--dry-run' && /^video (generate|extend)/.test(line) ? '--dry-run' : name;
}

/** The id of the host's newest job. */
async function newestAt(jobs: string): Promise<string> {
  const names = (await readdir(jobs)).filter((name) => name.endsWith('.json'));
  const all = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(jobs, name), 'utf8'))));
  return all.toSorted((a, b) => a.sequence - b.sequence).at(-1).id;
}

describe('sora help json', () => {
  beforeAll(async () => {
    const [fits, small, root] = [await fittingJoe(), await smallJoe(), await mkdtemp(join(tmpdir(), 'sora-test-'))];
    const places = { dir: join(root, 'work'), home: join(root, 'home') };
    await mkdir(places.dir);
    await copyFile(fits, join(places.dir, 'fits.mp4'));
    await copyFile(small, join(places.dir, 'small.mp4'));
    await writeFile(join(places.dir, 'short.mp4'), 'x');
    await writeFile(
      join(places.dir, 'prompts.jsonl'),
      '{"id":"a","prompt":"Sea.","tag":"t"}\n{"id":"b","prompt":"Sky."}\n',
    );
    await writeFile(
      join(places.dir, 'rain.md'),
      '---\nsora: 1\nseconds: 4\nvariants: {one: {vars: {n: 1}}}\n---\n\n## Harbour\n\n- subtitle: Look.\n\nA harbour.\n\n## Boat\n\n- continues: harbour\n- takes: 2\n- skip: one\n\nA boat.\n',
    );
    await writeFile(join(places.dir, 'others.jsonl'), '{"id":"c","prompt":"Sea."}\n');
    await writeFile(join(places.dir, 'music.json'), JSON.stringify(STORYBOARD));
    for (const name of ['a.wav', 'p.png']) await writeFile(join(places.dir, name), '');
    let test = runtimeIn(places, {});
    const sandbox = await startSandbox({
      ...{ stateDir: join(root, 'host'), ffmpeg: cachedFfmpegPath, renderer: rendererOf(await readFile(fits)) },
      now: () => test.clock.ms,
    });
    const env = {
      ...{ SORA_PROVIDER: 'openai', OPENAI_BASE_URL: sandbox.url, OPENAI_API_KEY: 'sandbox' },
      ...{ WAVESPEED_BASE_URL: sandbox.urls.wavespeed, WAVESPEED_API_KEY: 'sandbox' },
      ...{ EACHLABS_BASE_URL: sandbox.urls.eachlabs, EACHLABS_API_KEY: 'sandbox' },
      ...{ FAL_BASE_URL: sandbox.urls.fal, FAL_KEY: 'sandbox' },
    };
    const ids = { '@1': '', '@ann': '', '@newest': '' };
    for (const step of SESSION) {
      if (step.startsWith('# old ')) {
        await makeOld(join(places.home, 'characters'), step.slice(6));
        continue;
      }
      if (step.startsWith('# ')) {
        sandbox.play(JSON.parse(step.slice(2)));
        continue;
      }
      const [line = '', typed] = step.split(' < ');
      if (line.includes('@newest')) ids['@newest'] = await newestAt(join(root, 'host', 'jobs'));
      const nowMs = test.clock.ms + 1000;
      test = runtimeIn(places, { env, ...(typed !== undefined && { stdin: `${typed}\n` }) });
      test.clock.ms = nowMs;
      const words =
        line === 'sora' ? ['__welcome'] : line.replace(/@(1|ann|newest)/, (name) => ids[name as '@1']).split(' ');
      const done = runCli([...words, '--json'], test.runtime);
      if (line === 'sandbox serve') {
        await vi.waitFor(() => expect(test.stdout.text()).not.toBe(''), 20_000);
        test.abort('interrupted');
      }
      const exit = await done;
      const out = test.stdout.text();
      const json = out === '' ? undefined : JSON.parse(out);
      if (line.includes('--key a -o')) ids['@1'] = json.id;
      if (line === 'character create fits.mp4 --name Ann') ids['@ann'] = json.registrations[0].value;
      RAN.push({ line, exit, json, stderr: test.stderr.json() });
    }
    // Its commands are among those above.
    test = runtimeIn(places, {});
    await runDemo(commandOf(test), 'trial', { runLine: async () => 0, source: fits });
    RAN.push({ line: 'demo', exit: 0, json: JSON.parse(test.stdout.text()), stderr: test.stderr.json() });
    test = runtimeIn(places, {});
    await runVideoOpen(commandOf(test), ids['@1'], { open: async () => {} });
    RAN.push({ line: 'video open', exit: 0, json: JSON.parse(test.stdout.text()), stderr: test.stderr.json() });
    test = runtimeIn(places, { env });
    const film = {
      ...{ file: 'rain.md', vars: new Map(), allowOutside: false },
      allowRetired: true,
      allowUndocumented: true,
    };
    await runStoryboardOpen(commandOf(test), { ...film, scene: 'harbour' }, { open: async () => {} });
    RAN.push({ line: 'storyboard open', exit: 0, json: JSON.parse(test.stdout.text()), stderr: test.stderr.json() });
    await sandbox.close();
    await rm(root, { recursive: true });
  }, 240_000);

  it('has a row for every command, and for nothing else', async () => {
    const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
    await loadAllCommands(program);
    const names = leavesOf(program).map(({ name }) => name);
    const rows = [...SHAPES.commands.keys()].filter((name) => !name.includes('--') && name !== 'sora');
    expect(rows.toSorted()).toEqual(names.toSorted());
  });

  it('has a table for every name in its tables', () => {
    const named = [...SHAPES.commands.values(), ...[...SHAPES.shapes.values()].flat().map(({ types }) => types)].flat();
    const shapes = named.map((type) => type.replace('[]', '')).filter((type) => /^[A-Z]/.test(type));
    const stderr = ['ErrorLine', 'WarningLine', 'EventLine', 'DebugLine'];
    expect([...new Set([...shapes, ...stderr])].toSorted()).toEqual([...SHAPES.shapes.keys()].toSorted());
  });

  it('describes what every command prints', () => {
    const wrong = RAN.flatMap(({ line, json }) => {
      if (json === undefined || line === 'help json') return [];
      const types = SHAPES.commands.get(rowOf(line)) ?? [];
      return misfits(SHAPES, json, { types, seen: SEEN }).map((found) => `sora ${line}: ${found}`);
    });
    expect(wrong).toEqual([]);
  });

  it('describes every line on stderr', () => {
    const lines = RAN.flatMap(({ line, stderr }) => stderr.map((json) => ({ line, json })));
    expect(lines.length).toBeGreaterThan(10);
    const types = ['ErrorLine', 'WarningLine', 'EventLine', 'DebugLine'];
    const wrong = lines.flatMap(({ line, json }) =>
      misfits(SHAPES, json, { types, seen: SEEN }).map((found) => `sora ${line}: ${found} (${JSON.stringify(json)})`),
    );
    expect(wrong).toEqual([]);
  });

  it('is tried on a document of every command', () => {
    const tried = new Set(RAN.flatMap(({ line, json }) => (json === undefined ? [] : rowOf(line))));
    const missing = [...SHAPES.commands.keys()].filter((name) => !tried.has(name));
    expect(missing).toEqual([]);
  });

  it('names no field that the source does not', () => {
    const source = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(SRC, file), 'utf8'))
      .join('\n');
    const words = new Set(source.match(/\w+/g));
    const fields = [...SHAPES.shapes.values()].flat().map(({ name }) => name);
    expect(fields.filter((name) => !words.has(name))).toEqual([]);
  });

  it('is tried on every shape', () => {
    expect([...SHAPES.shapes.keys()].filter((name) => !SEEN.has(name))).toEqual([]);
  });
});
