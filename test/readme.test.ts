import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { fillAll } from '../src/cli/options.ts';
import { createProgram } from '../src/cli/program.ts';
import { FAULT_NAMES } from '../src/sandbox/faults/named.ts';
import { parseScenario } from '../src/sandbox/faults/scenario-file.ts';
import { EXIT_CODES } from '../src/shared/errors.ts';
import { JOB_STATUSES } from '../src/shared/model.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(`${root}/README.md`, 'utf8');
const SOURCES = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

const program = createProgram({ write: () => {}, columns: 80, run: async () => {} });
await fillAll(program);

interface Leaf {
  readonly name: string;
  readonly flags: readonly string[];
}

function leaves(command: Command, path: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) {
    return [{ name: path.join(' '), flags: command.options.flatMap(({ long }) => long ?? []) }];
  }
  return command.commands
    .filter((child) => child.name() !== 'help' && !child.name().startsWith('__'))
    .flatMap((child) => leaves(child as Command, [...path, child.name()]));
}

const COMMANDS = leaves(program);
const FLAGS = new Set(
  [...program.options, ...COMMANDS.flatMap(({ flags }) => flags.map((long) => ({ long })))].map(
    ({ long }) => long ?? '',
  ),
);
const EXAMPLES = [...README.matchAll(/^```(?:sh|serve)\n([\s\S]*?)^```$/gm)].flatMap(
  (match) => match[1]?.trim().split('\n') ?? [],
);

function cells(heading: string): string[][] {
  const section = README.slice(README.indexOf(heading));
  const table = /(?:^\|.*\|\n)+/m.exec(section)?.[0] ?? '';
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('the README', () => {
  it('names every package that runs a script when it is installed', () => {
    const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const named = /Packages with an install script: ([\s\S]*?)\n\n/.exec(README)?.[1] ?? '';
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
    const named = [...README.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
    // npm's own, and those that every program has.
    const foreign = new Set(['--global', '--help', '--version']);
    expect(named.length).toBeGreaterThan(40);
    expect([...new Set(named)].filter((flag) => !FLAGS.has(flag) && !foreign.has(flag))).toEqual([]);
  });

  it('names every flag that the program has', () => {
    const missing = [...FLAGS].filter((flag) => flag !== '--version' && !README.includes(flag));
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
    const rows = cells('## Exit codes').flatMap(([codes = '']) => codes.split(',').map((code) => Number(code.trim())));
    expect(rows.toSorted((a, b) => a - b)).toEqual([0, ...Object.values(EXIT_CODES)].toSorted((a, b) => a - b));
  });

  it('names every environment variable that the program reads, and no other', () => {
    const named = cells('| variable | meaning |').flatMap(([names = '']) =>
      [...names.matchAll(/`([A-Z_]+)`/g)].map((match) => match[1]),
    );
    const text = SOURCES.map((file) => readFileSync(`${root}/src/${file}`, 'utf8')).join('\n');
    const read = [...text.matchAll(/\benv\.([A-Z][A-Z_]+)\b/g), ...text.matchAll(/Variable: '([A-Z_]+)'/g)].map(
      (match) => match[1],
    );
    // Of the system, not of ours.
    const system = /^(HOME|PATH|TERM|COLUMNS|APPDATA|LOCALAPPDATA|XDG_\w+|PATHEXT)$/;
    expect(named.toSorted()).toEqual([...new Set(read)].filter((name) => !system.test(name ?? '')).toSorted());
  });

  it('names every status of a job', () => {
    for (const status of JOB_STATUSES) expect(README).toContain(`\`${status}\``);
  });

  it('maps every source file, one line each', () => {
    const mapped = cells('## Map of the source').map(([file = '']) => file.replaceAll('`', ''));
    const there = ['bin/sora.js', ...SOURCES.map((file) => `src/${file}`)];
    expect(mapped.toSorted()).toEqual(there.toSorted());
  });

  it('names a test that is there for everything that can go wrong', () => {
    const rows = cells('## What can go wrong and what happens');
    expect(rows.length).toBeGreaterThan(30);
    const missing = rows.filter(([, , , test = '']) => {
      const [, file = '', title = ''] = /^`(test\/\S+\.test\.ts)`: (\S.*)$/.exec(test) ?? [];
      if (!existsSync(`${root}/${file}`)) return true;
      // A title of its own, or a line of a table of cases.
      const lines = readFileSync(`${root}/${file}`, 'utf8').split('\n');
      return !lines.some((line) => line.includes(`'${title}'`) || line.startsWith(`${title}  `));
    });
    expect(missing).toEqual([]);
  });

  it('gives what can go wrong exit codes that there are', () => {
    const known = new Set([0, ...Object.values(EXIT_CODES)].map(String));
    const rows = cells('## What can go wrong and what happens');
    expect(rows.filter(([, , exit = '']) => !known.has(exit))).toEqual([]);
  });

  it('shows scenarios that can be played', () => {
    const section = README.slice(README.indexOf('### The sandbox'), README.indexOf('### The store'));
    const scenarios = [...section.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text));
    expect(scenarios.length).toBeGreaterThan(1);
    for (const scenario of scenarios) expect(parseScenario(scenario)).toEqual(scenario);
  });

  it('names every short name of a fault, and no other', () => {
    const named = cells('| short name |').flatMap(([names = '']) =>
      [...names.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name),
    );
    expect(named.toSorted()).toEqual(FAULT_NAMES.toSorted());
  });
});
