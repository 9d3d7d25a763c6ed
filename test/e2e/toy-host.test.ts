/** A host is one folder, one dialect, and a row for each: shown with one that is added to a copy of the source. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST_NAMES } from '../../src/providers/index.ts';
import { makeMachine, said } from '../helpers/cli.ts';
import { bringJoe } from '../helpers/joe.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['providers/toy', 'sandbox/toy'];
const IMPORT = "import { toy } from './toy/index.ts';";

let copy = '';

/** Adds its import and its row, which is all that a table needs. */
function addRow(file: string): void {
  const path = join(copy, 'src', file);
  const text = readFileSync(path, 'utf8');
  const rows = text
    .replace(/(\n {2}sandbox,)?\n\} satisfies/, '\n  toy,$1\n} satisfies')
    .replace(/\nimport /, `\n${IMPORT}\nimport `);
  writeFileSync(path, rows);
}

function run(file: string, args: readonly string[]) {
  return execa(file, args, { cwd: copy, reject: false, all: true });
}

/** With one thread: several check much of it several times. What the last one found is kept for the next. */
const tsc = () =>
  run(process.execPath, [
    join(REPOSITORY, 'node_modules/typescript/bin/tsc'),
    ...['-p', 'tsconfig.src.json', '--singleThreaded', '--incremental', '--tsBuildInfoFile', 'src.tsbuildinfo'],
  ]);

beforeAll(async () => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'sora-toy-')));
  for (const name of ['src', 'test', 'bin', 'package.json', 'tsconfig.json', '.build.js', 'LICENSE']) {
    cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true });
  }
  for (const name of ['node_modules', 'fixtures']) symlinkSync(join(REPOSITORY, name), join(copy, name));
  writeFileSync(join(copy, 'tsconfig.src.json'), JSON.stringify({ extends: './tsconfig.json', include: ['src'] }));
  for (const folder of FOLDERS) {
    const from = join(REPOSITORY, 'fixtures/toy-host', folder.replace('/toy', ''));
    cpSync(from, join(copy, 'src', folder), { recursive: true });
  }
  addRow('providers/index.ts');
  addRow('sandbox/dialects.ts');
  const built = await run(process.execPath, ['.build.js']);
  expect(built.exitCode, built.all).toBe(0);
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** The copy's program on a machine of its own. */
function machine() {
  const { env, dir, home } = makeMachine();
  const start = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    execa(process.execPath, [join(copy, 'bin/sora.js'), ...args], {
      ...{ env: { ...env, ...more }, extendEnv: false, cwd: dir, reject: false },
    });
  return { dir, home, start };
}

describe('a host that is added', () => {
  it('changes two files outside its folders, each by an import and a row', () => {
    const changes = readdirSync(join(copy, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !FOLDERS.some((folder) => file.startsWith(`${folder}/`)))
      .flatMap((file) => {
        const [before, after] = [join(REPOSITORY, 'src', file), join(copy, 'src', file)].map((path) =>
          existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [],
        );
        const added = after?.filter((line) => !before?.includes(line)) ?? [];
        const isSame = before?.join('\n') === after?.filter((line) => !added.includes(line)).join('\n');
        return isSame && added.length === 0 ? [] : [{ file, added, isSame }];
      });
    expect(changes.toSorted((a, b) => a.file.localeCompare(b.file))).toEqual([
      { file: 'providers/index.ts', added: [IMPORT, '  toy,'], isSame: true },
      { file: 'sandbox/dialects.ts', added: [IMPORT, '  toy,'], isSame: true },
    ]);
  });

  it('compiles, and does not without its dialect', async () => {
    const whole = await tsc();
    expect(whole.exitCode, whole.all).toBe(0);
    const path = join(copy, 'src/sandbox/dialects.ts');
    const text = readFileSync(path, 'utf8');
    try {
      writeFileSync(path, text.replace('\n  toy,', '').replace(`${IMPORT}\n`, ''));
      const without = await tsc();
      expect(without.exitCode).not.toBe(0);
      expect(without.all).toMatch(/commands\/sandbox\.ts.*toy/s);
    } finally {
      writeFileSync(path, text);
    }
  });

  it('is in help, lists, completion, keys and doctor', async () => {
    const { start } = machine();
    const helpOf = async (...words: string[]) => (await start([...words, '--help'])).stdout.replace(/\s+/g, ' ');
    expect(await helpOf('video', 'generate')).toContain(`${[...HOST_NAMES, 'toy'].join(', ')} or sandbox`);
    expect(await helpOf('auth', 'login')).toContain(`${HOST_NAMES.join(', ')} or toy`);
    const listed = JSON.parse((await start(['provider', 'list', '--json'])).stdout);
    expect(listed).toContainEqual(
      expect.objectContaining({ name: 'toy', keyVariable: 'TOY_API_KEY', baseUrl: 'https://api.toy.example/toy' }),
    );
    expect((await start(['provider', 'models', 'toy'])).stdout).toMatch(/toy-ids/);
    expect(JSON.parse((await start(['help', 'providers', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ name: 'toy', baseUrlVariable: 'TOY_BASE_URL' }),
    );
    const completed = await start(['__complete', 'fish', '--', '--provider', 't']);
    expect(completed.stdout, completed.stderr).toMatch(/^toy\b/m);
    expect((await start(['auth', 'status'])).stdout).toMatch(/^toy\s+none/m);
    expect((await start(['doctor'])).stdout).toMatch(/key of toy/);
    expect((await start(['config', 'set', 'provider', 'toy'])).exitCode).toBe(0);
    const unkeyed = await start(['video', 'generate', 'A lighthouse.']);
    expect(unkeyed).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('TOY_API_KEY') });
  });

  it('is served by the sandbox, asked by doctor, and makes a video of a character', async () => {
    const { start, dir, home } = machine();
    const server = start(['sandbox', 'serve', '--json']);
    try {
      let text = '';
      server.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await said(server, 'stdout', '\n}');
      const { TOY_BASE_URL = '', TOY_API_KEY = '' } = JSON.parse(text).env;
      expect(TOY_BASE_URL).toMatch(/\/toy$/);
      const env = { TOY_BASE_URL, TOY_API_KEY };
      const asked = await start(['doctor', '--api'], env);
      expect(asked.stdout, asked.stderr).toMatch(/GET \/work\/\{id\}.*is served/s);
      await bringJoe(home);
      const made = await start(['video', 'generate', 'Joe waves.', '-c', 'Joe', '-o', 'joe.mp4'], env);
      expect(made, made.stderr).toMatchObject({ exitCode: 0 });
      expect(existsSync(join(dir, 'joe.mp4'))).toBe(true);
    } finally {
      server.kill('SIGINT');
      await server;
    }
  });

  it('is held to the contract with the sandbox, which runs for every host', async () => {
    const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
    const file = 'test/slow/providers/contract-sandbox.test.ts';
    // What a file of this copy becomes is of no use to the next.
    const once = '--experimental.fsModuleCache=false';
    const args = [vitest, 'run', once, '--config', 'test/vitest.config.ts', '-t', "toy'? and the sandbox", file];
    const ran = await run(process.execPath, args);
    expect(ran.exitCode, ran.all).toBe(0);
    expect(ran.all).toMatch(/2 passed/);
  });
});
