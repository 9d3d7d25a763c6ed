import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** The floors of the house, top down. A file may import from its own floor's neighbours only where `inner` says so, and from every floor below. */
const FLOORS: readonly { readonly name: string; readonly files: RegExp; readonly inner: boolean }[] = [
  { name: 'main', files: /^main\.ts$/, inner: false },
  { name: 'cli', files: /^cli\.ts$/, inner: false },
  { name: 'program', files: /^program(-\w+)?\.ts$/, inner: true },
  { name: 'commands', files: /^commands\//, inner: true },
  { name: 'context', files: /^(context|choice|options)\.ts$/, inner: true },
  {
    name: 'services',
    files: /^(ui|ask|progress|table|download|parts|publish)\.ts$|^(store|media|providers)\//,
    inner: true,
  },
  {
    name: 'rules',
    files:
      /^(jobs|prompt|drift|reconcile|estimate)\.ts$|^media\/(audio-tracks|sound-steps|plan|info|steps|arguments|colour|frame|limits|timeline|track-header|picture-input|tone-map)\.ts$|^providers\/provider\.ts$/,
    inner: true,
  },
  {
    name: 'ground',
    files: /^(deadline|domain|errors|text|width|time|shell-line|hash|links|read|temporary|last-words)\.ts$/,
    inner: true,
  },
];

const FILES = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);

interface Import {
  readonly from: string;
  readonly to: string;
  readonly dynamic: boolean;
}

const IMPORTS: readonly Import[] = FILES.flatMap((file) => {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from\s+|import\s+|import\(|require\()'([^']+)'/g)].map((match) => ({
    from: file,
    to: match[1]?.startsWith('.') ? relative(src, resolve(src, dirname(file), match[1])) : (match[1] ?? ''),
    dynamic: /^(?:import|require)\(/.test(match[0]),
  }));
});

/** The lowest floor that claims a file: a plan is a rule although it lies in media/. */
function floorOf(file: string): number {
  return FLOORS.findLastIndex(({ files }) => files.test(file));
}

describe('the floors of the house', () => {
  const own = IMPORTS.filter(({ from, to }) => to.endsWith('.ts') && !from.startsWith('sandbox/'));

  it('reads the imports it judges', () => {
    expect(own.length).toBeGreaterThan(80);
    expect(own).toContainEqual({ from: 'main.ts', to: 'cli.ts', dynamic: true });
    expect(own).toContainEqual({ from: 'program-video.ts', to: 'commands/generate.ts', dynamic: true });
  });

  it('has a floor for every file', () => {
    expect(FILES.filter((file) => !file.startsWith('sandbox/') && floorOf(file) === -1)).toEqual([]);
  });

  it('imports downward only', () => {
    const upward = own.filter(({ from, to }) => {
      if (to.startsWith('sandbox/')) return false;
      const [a, b] = [floorOf(from), floorOf(to)];
      return a > b || (a === b && FLOORS[a]?.inner !== true);
    });
    expect(upward).toEqual([]);
  });

  it('reaches the sandbox from above only, and lets it import nothing of ours', () => {
    const users = IMPORTS.filter(({ from, to }) => to.startsWith('sandbox/') && !from.startsWith('sandbox/'));
    expect(users.filter(({ dynamic }) => !dynamic)).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
    const leaks = IMPORTS.filter(
      ({ from, to }) => from.startsWith('sandbox/') && to.endsWith('.ts') && !to.startsWith('sandbox/'),
    );
    expect(leaks).toEqual([]);
  });

  it.each(['conf', 'undici', 'ora', 'execa', 'fluent-ffmpeg', 'mediainfo.js', 'ffmpeg-static', 'proper-lockfile'])(
    'reaches %s only when it is needed',
    (library) => {
      const users = IMPORTS.filter(({ to }) => to === library);
      expect(users.length).toBeGreaterThan(0);
      const eager = users.filter(({ from, dynamic }) => {
        if (dynamic) return false;
        return !new RegExp(`import type [^;]*'${library}'`).test(readFileSync(join(src, from), 'utf8'));
      });
      expect(eager).toEqual([]);
    },
  );

  it.each([
    ['fluent-ffmpeg', /^media\/fluent\.ts$/],
    ['conf', /^store\/settings\.ts$/],
    ['commander', /^(program(-[a-z]+)?|options|cli)\.ts$/],
    ['chalk', /^ui\.ts$/],
    ['ora', /^progress\.ts$/],
  ])('keeps %s in one place', (library, place) => {
    const users = IMPORTS.filter(({ to }) => to === library).map(({ from }) => from);
    expect(users.filter((file) => !place.test(file))).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  it('touches the process in main.ts only', () => {
    const users = FILES.filter(
      (file) =>
        file !== 'main.ts' &&
        /\bprocess\.(env|argv|exit|std|cwd|on\b)|\bconsole\./.test(readFileSync(join(src, file), 'utf8')),
    );
    expect(users).toEqual([]);
  });
});
