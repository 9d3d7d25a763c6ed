import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tableBehind } from './helpers/documents.ts';

const src = fileURLToPath(new URL('../src', import.meta.url));

/**
 * The folders of the house, top down, and what each may import besides its own files. Nothing imports a folder that stands
 * above it, but for the lines below.
 */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli', 'context.ts', 'disk', 'shared', 'terminal'],
  cli: ['commands', 'completion', 'context.ts', 'help', 'providers', 'settings', 'shared', 'terminal'],
  commands: [
    ...[
      'batches',
      'characters',
      'clips',
      'completion',
      'context.ts',
      'costs',
      'disk',
      'doctor',
      'films',
      'help',
      'http',
      'journal',
      'media',
      'providers',
      'report',
      'runs',
    ],
    ...['sandbox', 'settings', 'shared', 'skill', 'storyboards', 'terminal', 'videos', 'workspace.ts'],
  ],
  completion: ['context.ts', 'providers', 'settings', 'shared', 'storyboards', 'videos'],
  terminal: ['context.ts', 'http', 'shared'],
  'context.ts': ['shared', 'terminal', 'workspace.ts'],
  // Use cases: no command line and no terminal from here on.
  storyboards: [
    ...[
      'characters',
      'clips',
      'costs',
      'disk',
      'films',
      'journal',
      'media',
      'providers',
      'report',
      'runs',
      'settings',
      'shared',
      'videos',
    ],
    'workspace.ts',
  ],
  report: ['characters', 'costs', 'disk', 'media', 'shared', 'videos', 'workspace.ts'],
  batches: [
    'characters',
    'costs',
    'disk',
    'journal',
    'providers',
    'runs',
    'settings',
    'shared',
    'videos',
    'workspace.ts',
  ],
  runs: ['costs', 'journal', 'providers', 'shared', 'videos', 'workspace.ts'],
  films: ['disk', 'media', 'providers', 'shared', 'videos', 'workspace.ts'],
  journal: ['characters', 'costs', 'disk', 'media', 'providers', 'shared', 'videos', 'workspace.ts'],
  doctor: ['characters', 'disk', 'http', 'media', 'providers', 'settings', 'shared', 'skill', 'workspace.ts'],
  skill: ['disk', 'help', 'shared', 'workspace.ts'],
  videos: ['characters', 'costs', 'disk', 'http', 'media', 'providers', 'settings', 'shared', 'workspace.ts'],
  characters: ['clips', 'costs', 'disk', 'http', 'media', 'providers', 'settings', 'shared', 'workspace.ts'],
  clips: ['disk', 'media', 'shared', 'workspace.ts'],
  costs: ['disk', 'providers', 'settings', 'shared', 'workspace.ts'],
  'workspace.ts': [
    'characters',
    'costs',
    'disk',
    'http',
    'media',
    'providers',
    'sandbox',
    'settings',
    'shared',
    'videos',
  ],
  settings: ['disk', 'http', 'providers', 'shared'],
  providers: ['http', 'shared'],
  media: ['disk', 'shared'],
  http: ['disk', 'shared'],
  disk: ['shared'],
  help: [],
  shared: [],
  sandbox: [],
};

/** What points elsewhere, file by file. Lines may only go; the sandbox shares one file with what it tests, its lock. */
const EXCEPTIONS: readonly string[] = ['sandbox/state.ts disk/lock.ts'];

/** What nothing but the command line may import. */
const TOP: Readonly<Record<string, RegExp>> = { commands: /^(cli|commands)\//, cli: /^(main\.ts|cli\/)/ };

/** What prints, asks, and knows what was typed. */
const COMMAND_LINE = /^(terminal|cli|commands)\/|^context\.ts$/;

/** Imports from one command's file to another's: it may only fall. */
const SHARED_BY_COMMANDS = 10;

/** Files of `commands` that hold no command: what several of them read and show. */
const WITHOUT_COMMAND: readonly string[] = ['commands/video/input.ts', 'commands/video/results.ts'];

const codeOf = (file: string): string =>
  readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|`[^`]*`|'[^'\n]*'/g, '');

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

/** Files that reach themselves by their imports, each circle once: Tarjan's strongly connected components. */
function circles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const other of next.get(file) ?? []) {
      if (!index.has(other)) visit(other);
      if (stack.includes(other)) low.set(file, Math.min(low.get(file) ?? 0, low.get(other) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) found.push(circle.toSorted());
  };
  for (const file of next.keys()) if (!index.has(file)) visit(file);
  return found;
}

const folderOf = (file: string): string => file.split('/')[0] ?? '';

describe('the folders of the house', () => {
  const own = IMPORTS.filter(({ to }) => to.endsWith('.ts'));

  it('are listed top down: none is allowed what stands above it', () => {
    const order = Object.keys(FOLDERS);
    // The workspace hands out the services that it stands below; what uses it knows its type.
    const handed = new Set(['workspace.ts', 'context.ts']);
    const upward = Object.entries(FOLDERS).flatMap(([folder, allowed]) =>
      handed.has(folder)
        ? []
        : allowed
            .filter((other) => !handed.has(other) && order.indexOf(other) < order.indexOf(folder))
            .map((other) => `${folder} ${other}`),
    );
    expect(upward).toEqual([]);
  });

  it('reads the imports it judges', () => {
    expect(own.length).toBeGreaterThan(80);
    expect(own).toContainEqual({ from: 'main.ts', to: 'cli/run.ts', dynamic: true });
    expect(own).toContainEqual({ from: 'cli/program-video.ts', to: 'commands/video/generate.ts', dynamic: true });
  });

  it('is in src/README.md what it is here: what each folder may import', () => {
    const told = tableBehind('## Map by folder', 'src/README.md').map(([folder = '', , imports = '']) => {
      const names = imports === 'nothing' ? [] : imports.split(', ');
      return [folder.replaceAll(/[`/]/g, ''), names];
    });
    // The process, the context and the workspace have a row together.
    const rows = Object.entries(FOLDERS)
      .filter(([folder]) => !folder.endsWith('.ts'))
      .map(([folder, names]) => [folder, names.filter((name) => !name.endsWith('.ts'))]);
    expect(Object.fromEntries(told.slice(1))).toEqual(Object.fromEntries(rows));
  });

  it('has a row for every folder', () => {
    expect([...new Set(FILES.map(folderOf))].toSorted()).toEqual(Object.keys(FOLDERS).toSorted());
  });

  it('imports downward only, but for the exceptions by name', () => {
    const upward = own
      .filter(({ from, to }) => {
        const [a, b] = [folderOf(from), folderOf(to)];
        return a !== b && FOLDERS[a]?.includes(b) !== true;
      })
      .map(({ from, to }) => `${from} ${to}`);
    expect([...new Set(upward)].toSorted()).toEqual(EXCEPTIONS);
  });

  it.each(Object.entries(TOP))('imports %s from nowhere else but the command line', (folder, users) => {
    const others = own.filter(({ from, to }) => folderOf(to) === folder && !users.test(from));
    expect(others.map(({ from, to }) => `${from} ${to}`).filter((line) => !EXCEPTIONS.includes(line))).toEqual([]);
  });

  it.each(['storyboards', 'batches', 'runs', 'journal', 'videos', 'characters', 'clips', 'costs', 'doctor'])(
    'gives the use cases of %s no command line',
    (folder) => {
      const files = FILES.filter((file) => folderOf(file) === folder);
      expect(files.length).toBeGreaterThan(1);
      const others = own.filter(({ from, to }) => files.includes(from) && COMMAND_LINE.test(to));
      expect(others.map(({ from, to }) => `${from} ${to}`)).toEqual([]);
      const printing = files.filter((file) => /\b(ui|globals)\b/.test(codeOf(file)));
      expect(printing).toEqual([]);
    },
  );

  it('has commands that share little but how they read and show', () => {
    const shared = own.filter(({ from, to }) => folderOf(from) === 'commands' && folderOf(to) === 'commands');
    expect(shared.length, 'SHARED_BY_COMMANDS may only be lowered').toBe(SHARED_BY_COMMANDS);
  });

  it('has a command in every file of commands, but for those that only read and show', () => {
    const others = FILES.filter((file) => folderOf(file) === 'commands').filter(
      (file) => !/^export async function run[A-Z]/m.test(codeOf(file)),
    );
    expect(others.toSorted()).toEqual(WITHOUT_COMMAND);
  });

  it('has no circle of imports, types included', () => {
    expect(circles(own)).toEqual([]);
  });

  it('finds a circle', () => {
    const line = (from: string, to: string): Import => ({ from, to, dynamic: false });
    expect(circles([line('a.ts', 'b.ts'), line('b.ts', 'c.ts'), line('c.ts', 'a.ts'), line('c.ts', 'd.ts')])).toEqual([
      ['a.ts', 'b.ts', 'c.ts'],
    ]);
  });

  it('reaches the sandbox only when it is needed', () => {
    const users = IMPORTS.filter(({ from, to }) => to.startsWith('sandbox/') && !from.startsWith('sandbox/'));
    expect(users.filter(({ dynamic }) => !dynamic)).toEqual([]);
    expect(users.length).toBeGreaterThan(0);
  });

  it.each([
    'conf',
    'undici',
    'ora',
    'csv-parse/sync',
    'execa',
    'fluent-ffmpeg',
    'mediainfo.js',
    'ffmpeg-static',
    'proper-lockfile',
    'yaml',
  ])('reaches %s only when it is needed', (library) => {
    const users = IMPORTS.filter(({ to }) => to === library);
    expect(users.length).toBeGreaterThan(0);
    const eager = users.filter(({ from, dynamic }) => {
      if (dynamic) return false;
      return !new RegExp(`import type [^;]*'${library}'`).test(readFileSync(join(src, from), 'utf8'));
    });
    expect(eager).toEqual([]);
  });

  it.each([
    ['fluent-ffmpeg', /^media\/ffmpeg\/fluent\.ts$/],
    ['conf', /^settings\/settings\.ts$/],
    ['commander', /^cli\/[a-z-]+\.ts$/],
    ['chalk', /^terminal\/ui\.ts$/],
    ['ora', /^terminal\/progress\.ts$/],
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
