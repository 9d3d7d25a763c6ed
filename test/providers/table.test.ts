import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HOST_NAMES, PROVIDER_NAMES, PROVIDERS, providerEntry } from '../../src/providers/index.ts';
import { DIALECTS } from '../../src/sandbox/dialects.ts';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/** Lines outside a host's own folders that name one, by their file. Lines may only go. */
const NAMED: Readonly<Record<string, readonly RegExp[]>> = {
  // The tables, and which host a base URL without a name belongs to.
  'providers/index.ts': [
    /^import \{ \w+ \}/,
    /^(openai|wavespeed|eachlabs|fal|runway),$/,
    /GATEWAY_PROVIDER: HostName =/,
  ],
  'sandbox/dialects.ts': [/^import \{ \w+ \}/, /^(openai|wavespeed|eachlabs|fal|runway),$/, /DIALECTS\.openai\]/],
  // The stand-in speaks that format, and records of earlier builds name no host.
  'providers/sandbox/index.ts': [/import\('\.\.\/openai\/|openaiQuestions/],
  'sandbox/jobs.ts': [/FIRST_HOST =/],
  'sandbox/server.ts': [/urls\.openai,/],
  // The format of a batch line has that vendor's name.
  'batches/line.ts': [/OPENAI_FIELDS|[io]sOpenAi|ofOpenAi/],
  // The name of a kind of server, by the same word.
  'providers/provider.ts': [/^export type Backend|^export const BACKENDS/],
  // Examples name some host.
  'cli/program-character.ts': [/examples\(/],
  'cli/program-setup.ts': [/examples\(|^'sora config set provider/],
  'commands/welcome.ts': [/command: 'sora auth login/],
  'characters/register.ts': [/blocked by default at OpenAI/],
};

/** Code without what stands in comments. */
function codeOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return text.split('\n').map((line) => line.replace(/(^|\s)\/\/.*/, '').trim());
}

describe('the table of hosts', () => {
  it.each(PROVIDER_NAMES)('has the row %s under its own name', (name) => {
    expect(providerEntry(PROVIDERS[name])).toBe(PROVIDERS[name]);
  });

  it('has variables of each host’s own', () => {
    const variables = HOST_NAMES.flatMap((name) => [PROVIDERS[name].keyVariable, PROVIDERS[name].baseUrlVariable]);
    for (const variable of variables) expect(variable).toMatch(/^[A-Z]+_(?:(?:API_)?KEY|API_SECRET|BASE_URL)$/);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it('has no row for what is in no folder', () => {
    expect(() => providerEntry({ name: 'nobody' })).toThrow('nobody');
  });

  it('has a dialect of the sandbox for every host, and no other', () => {
    expect(Object.keys(DIALECTS)).toEqual(HOST_NAMES);
  });

  it('is the only place outside the folders of the hosts that names them, but for the lines by name', () => {
    const own = /^(providers|sandbox)\/(openai|wavespeed|eachlabs|fal|runway)\//;
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const named = files
      .filter((file) => !own.test(file))
      .flatMap((file) => codeOf(file).map((line) => ({ file, line })))
      .filter(({ line }) => /openai|wavespeed|eachlabs|\bfal\b|runway/i.test(line));
    const others = named.filter(({ file, line }) => !NAMED[file]?.some((pattern) => pattern.test(line)));
    expect(others.map(({ file, line }) => `${file}: ${line}`)).toEqual([]);
    for (const [file, patterns] of Object.entries(NAMED)) {
      for (const pattern of patterns) {
        expect([file, String(pattern), named.some((one) => one.file === file && pattern.test(one.line))]).toEqual([
          ...[file, String(pattern), true],
        ]);
      }
    }
  });
});
