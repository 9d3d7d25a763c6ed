import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { loadAllCommands } from '../src/cli/options.ts';
import { createProgram } from '../src/cli/program.ts';
import { HELP_TOPICS } from '../src/help/read-topic.ts';
import { FAULT_NAMES } from '../src/sandbox/faults/named.ts';
import { parseScenario } from '../src/sandbox/faults/scenario-file.ts';
import { EXIT_CODES } from '../src/shared/errors.ts';
import { JOB_STATUSES } from '../src/shared/job.ts';
import { leavesOf } from './helpers/commands.ts';
import {
  DOCUMENTS,
  EVERYTHING,
  examplesOf,
  README,
  ROOT,
  TOPIC_DOCUMENTS,
  tableBehind,
  tablesOf,
} from './helpers/documents.ts';

const SOURCES = readdirSync(`${ROOT}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
await loadAllCommands(program);

const COMMANDS = leavesOf(program);
const FLAGS = new Set(
  [...program.options, ...COMMANDS.flatMap(({ flags }) => flags.map((long) => ({ long })))].map(
    ({ long }) => long ?? '',
  ),
);
const EXAMPLES = DOCUMENTS.flatMap(examplesOf).flatMap(({ script }) => script.trim().split('\n'));

/** Of the JSON that documents show, only scenarios have one of these. */
const isScenario = (json: object): boolean => 'use' in json || 'rules' in json || 'jobs' in json;

describe('a source file', () => {
  it('begins with a comment that says what it is for', () => {
    const silent = SOURCES.filter((file) => !/^\/\*\*\s+(?:\* )?\S/.test(readFileSync(`${ROOT}/src/${file}`, 'utf8')));
    expect(silent).toEqual([]);
  });
});

describe('the documents', () => {
  it('names every package that runs a script when it is installed', () => {
    const lock = JSON.parse(readFileSync(`${ROOT}/package-lock.json`, 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const named = /Packages with an install script: ([\s\S]*?)\n\n/.exec(README.text)?.[1] ?? '';
    const scripted = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(scripted.length).toBeGreaterThan(2);
    expect(scripted.filter((name) => !named.includes(`\`${name}\``))).toEqual([]);
    // And no other.
    expect(
      [...named.matchAll(/`([^`]+)`/g)].map(([, name]) => name).filter((name) => !scripted.includes(name ?? '')),
    ).toEqual([]);
  });

  it('names no flag that the program does not have', () => {
    const named = [...EVERYTHING.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
    // Of npm and vitest, and those that every program has.
    const foreign = new Set(['--global', '--config', '--help', '--version']);
    expect(named.length).toBeGreaterThan(40);
    expect([...new Set(named)].filter((flag) => !FLAGS.has(flag) && !foreign.has(flag))).toEqual([]);
  });

  it('names every flag that the program has', () => {
    const missing = [...FLAGS].filter((flag) => flag !== '--version' && !EVERYTHING.includes(flag));
    expect(missing).toEqual([]);
  });

  it.each(COMMANDS.map(({ name }) => name))('has an example of sora %s', (name) => {
    expect(EXAMPLES.some((line) => line.includes(`sora ${name}`))).toBe(true);
  });

  it.each(COMMANDS)('sora $name has help with examples', ({ name }) => {
    let help = '';
    const command = name
      .split(' ')
      .reduce<Command>((parent, word) => parent.commands.find((child) => child.name() === word) as Command, program);
    command
      .configureOutput({
        writeOut: (text) => {
          help += text;
        },
      })
      .outputHelp();
    expect(help).toContain('Usage: sora');
    expect(help).toMatch(/Examples:\n {2}\$ .*sora /);
  });

  it('gives every exit code its row, and no other', () => {
    const rows = tableBehind('# Exit codes').flatMap(([codes = '']) =>
      codes.split(',').map((code) => Number(code.trim())),
    );
    expect(rows.toSorted((a, b) => a - b)).toEqual([0, ...Object.values(EXIT_CODES)].toSorted((a, b) => a - b));
  });

  it('names every environment variable that the program reads, and no other', () => {
    const named = tableBehind('| variable | meaning |').flatMap(([names = '']) =>
      [...names.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1]),
    );
    const text = SOURCES.map((file) => readFileSync(`${ROOT}/src/${file}`, 'utf8')).join('\n');
    const read = [...text.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g), ...text.matchAll(/Variable: '([A-Z_]+)'/g)].map(
      (match) => match[1],
    );
    // Of the system, not of ours.
    const system = /^(HOME|PATH|TERM|COLUMNS|APPDATA|LOCALAPPDATA|XDG_\w+|PATHEXT|TMPDIR|TEMP)$/;
    const own = (names: readonly (string | undefined)[]) => names.filter((name) => !system.test(name ?? '')).toSorted();
    expect(own(named)).toEqual(own([...new Set(read)]));
  });

  it('names every status of a job', () => {
    for (const status of JOB_STATUSES) expect(EVERYTHING).toContain(`\`${status}\``);
  });

  it('maps every folder of the source, and what it may import is another test', () => {
    const mapped = tableBehind('## Map by folder').flatMap(([folder = '']) =>
      [...folder.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replace(/\/$/, '')),
    );
    const there = new Set([...SOURCES.map((file) => file.split('/')[0] ?? '')]);
    expect(mapped.toSorted()).toEqual([...there].toSorted());
  });

  it('names files that are there', () => {
    const wrong = DOCUMENTS.filter(({ path }) => /README|CONTRIBUTING/.test(path)).flatMap(({ path, text }) => {
      const folders = path === 'src/README.md' ? ['', 'src/'] : [''];
      // Tables are held by tests of their own, and what is built is not there before.
      const prose = text.replaceAll(/^\|.*$/gm, '').replaceAll(/`dist\/.*?`/g, '');
      const named = [...prose.matchAll(/`((?:[\w.-]+\/)+[\w-]+\.(?:ts|js|md|txt|json))`/g)].map(
        ([, name = '']) => name,
      );
      return named.filter((name) => !folders.some((folder) => existsSync(`${ROOT}/${folder}${name}`)));
    });
    expect(wrong).toEqual([]);
  });

  it('names, of each folder, files to read first that are in it', () => {
    const wrong = tableBehind('## Map by folder').flatMap(([folder = '', , , first = '']) => {
      const name = /^`([a-z]+\/)`$/.exec(folder)?.[1] ?? '';
      const files = [...first.matchAll(/`([^`]+)`/g)].map(([, file = '']) => `src/${name}${file}`);
      return files.length >= 1 && files.length <= 4 ? files.filter((file) => !existsSync(`${ROOT}/${file}`)) : [folder];
    });
    expect(wrong).toEqual([]);
  });

  it('leads to files that are there', () => {
    const wrong = DOCUMENTS.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#:]+)\)/g)]
        .map(([, to = '']) => join(ROOT, dirname(path), to))
        .filter((to) => !existsSync(to)),
    );
    expect(wrong).toEqual([]);
  });

  const FAULTS = tablesOf(TOPIC_DOCUMENTS.find(({ path }) => path.endsWith('/faults.md')) ?? README);

  it('names a test that is there for everything that can go wrong', () => {
    const rows = tableBehind('## What can go wrong', 'test/README.md');
    expect(rows.length).toBeGreaterThan(70);
    expect(rows.map(([what]) => what)).toEqual(FAULTS.map(([what]) => what));
    const missing = rows.filter(([, test = '']) => {
      const [, file = '', title = ''] = /^`(test\/\S+\.test\.ts)`: (\S.*)$/.exec(test) ?? [];
      if (!existsSync(`${ROOT}/${file}`)) return true;
      // A title of its own, or a line of a table of cases.
      const lines = readFileSync(`${ROOT}/${file}`, 'utf8').split('\n');
      return !lines.some((line) => line.includes(`'${title}'`) || line.startsWith(`${title}  `));
    });
    expect(missing).toEqual([]);
  });

  it('gives what can go wrong exit codes that there are', () => {
    const known = new Set([0, ...Object.values(EXIT_CODES)].map(String));
    expect(FAULTS.filter(([, , exit = '']) => !known.has(exit))).toEqual([]);
  });

  it('is short where a newcomer begins: the README has at most 200 lines', () => {
    expect(README.text.split('\n').length).toBeLessThanOrEqual(201);
  });

  it('needs six commands for a film from a repository, where a script around single videos had 32 lines', () => {
    const [, recipe = ''] = README.text.split('**A film from a repository.**');
    const lines = (/```sh\n([\s\S]*?)\n```/.exec(recipe)?.[1] ?? '').split('\n');
    expect(lines.map((line) => /^sora storyboard (\w+) ad\.md/.exec(line)?.[1])).toEqual(
      'new plan render pick assemble report'.split(' '),
    );
  });

  it('leads from the README to every help topic', () => {
    const named = tableBehind('| topic | about |').map(([cell]) => cell);
    expect(named).toEqual(HELP_TOPICS.map((topic) => `[${topic}](src/help/${topic}.md)`));
    const there = readdirSync(`${ROOT}/src/help`).filter((name) => name.endsWith('.md'));
    expect(there.toSorted()).toEqual(HELP_TOPICS.map((topic) => `${topic}.md`).toSorted());
  });

  it('shows scenarios that can be played', () => {
    const blocks = DOCUMENTS.flatMap(({ text }) => [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)]);
    const scenarios = blocks.map(([, text = '']) => JSON.parse(text)).filter((json) => isScenario(json));
    expect(scenarios.length).toBeGreaterThan(1);
    for (const scenario of scenarios) expect(parseScenario(scenario)).toEqual(scenario);
  });

  it('names every short name of a fault, and no other', () => {
    const named = tableBehind('| short name |').flatMap(([names = '']) =>
      [...names.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name),
    );
    expect(named.toSorted()).toEqual(FAULT_NAMES.toSorted());
  });
});
