import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { words } from '../helpers/ffmpeg.ts';
import { createTestRuntime, type TestRuntime } from '../helpers/runtime.ts';

/** Everything that leaves this machine would go through a proxy that is not there, and fail. */
const OFFLINE = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

interface Run extends TestRuntime {
  readonly exit: number;
}

async function run(args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Run> {
  const test = await createTestRuntime({ env: OFFLINE });
  for (const [name, text] of Object.entries(files)) await writeFile(join(test.dir, name), text);
  return { ...test, exit: await runCli(args, test.runtime) };
}

const dryRun = (flags: string): Promise<Run> => run(['video', 'generate', 'A man.', '--dry-run', ...words(flags)]);

const SORA_AT_WAVESPEED = '--model openai/sora-2/text-to-video-pro --allow-retired';
const SORA_AT_EACHLABS = '--model sora-2-text-to-video --allow-retired';

const UNDOCUMENTED = [
  ['--provider sandbox --seconds 5', '5 s is not one of the documented lengths of sora-2 (4, 8, 12, 16, 20).'],
  ['--provider sandbox --aspect 1:1', '720x720 is not one of the documented sizes of sora-2 (720x1280, '],
  ['--provider sandbox --size 1920x1080', '1920x1080 is not one of the documented sizes of sora-2 ('],
  ['--provider openai --size 1280x721', '1280x721 is not one of the documented sizes of sora-2 ('],
  ['--provider openai --model sora-2-pro --seconds 5', '5 s is not one of the documented lengths of sora-2-pro ('],
  ['--provider wavespeed --seconds 16', '16 s is not one of the documented lengths of bytedance/seedance-2.0/'],
  [
    `--provider wavespeed ${SORA_AT_WAVESPEED} --seconds 5`,
    '5 s is not one of the documented lengths of openai/sora-2/',
  ],
  [
    `--provider wavespeed ${SORA_AT_WAVESPEED} --size 1280x721`,
    '1280x721 is not one of the documented sizes of openai/sora-2/',
  ],
  ['--provider eachlabs --seconds 16', '16 s is not one of the documented lengths of bytedance-seedance-2-0-'],
  [`--provider eachlabs ${SORA_AT_EACHLABS} --seconds 16`, '16 s is not one of the documented lengths of sora-2-text-'],
] as const;

describe('a length or a size that a model is not documented to make', () => {
  it.each(UNDOCUMENTED)('is refused at the vendor’s own base URL and in the sandbox: %s', async (flags, problem) => {
    const test = await dryRun(flags);
    expect(test.exit, test.stderr.text()).toBe(2);
    expect(test.stderr.text()).toContain(problem);
    expect(test.stderr.text()).toContain('add --allow-undocumented to send it as it is.');
    expect(test.stdout.text()).toBe('');
  });

  it.each(UNDOCUMENTED)('is sent with --allow-undocumented, and a warning: %s', async (flags, problem) => {
    const test = await dryRun(`${flags} --allow-undocumented`);
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stderr.text()).toContain(problem.replace(/\.$/, ''));
    expect(test.stderr.text()).toContain('the host may refuse it.');
  });

  it.each([
    ['a gateway', '--base-url https://gateway.example.com/v1 --seconds 5'],
    ['a gateway with the vendor’s name in it', '--base-url https://api.openai.com.example.com/v1 --seconds 5'],
    ['a gateway that speaks as the vendor does', '--base-url https://gateway.example.com --backend openai --seconds 5'],
    ['another server of a reseller', '--provider wavespeed --base-url https://eu.example.com/v3 --seconds 16'],
    ['a model of which nothing is documented', '--provider openai --model sora-9 --seconds 5'],
  ])('is worth a warning, and is sent, to %s', async (_title, flags) => {
    const test = await dryRun(flags);
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stderr.text()).toMatch(/is not one of the documented lengths.*; the host may refuse it\./);
  });

  it('is worth nothing where a server runs its own model', async () => {
    const test = await dryRun('--base-url http://127.0.0.1:9/v1 --backend sglang --seconds 5 --size 1280x721');
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stderr.text()).not.toContain('documented');
  });

  it.each([
    ['fal', 'minimax/h3-max/reference-to-video', '"duration": 5', '5 s are asked for'],
    ['runway', 'h3_max', '"duration": 5', '5 s are asked for'],
    ['runway', 'hailuo3', '"resolution": "768p"', '1366x768 is asked for, not 1280x720'],
  ])('is never a default: %s %s is asked for what it makes', async (host, model, sent, said) => {
    const test = await dryRun(`--provider ${host} --model ${model}`);
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stdout.text()).toContain(sent);
    expect(test.stderr.text()).toContain(said);
    expect(test.stderr.text()).not.toContain('documented');
  });

  it('of which no pixels are told is nothing but its ratio and its resolution', async () => {
    const test = await dryRun('--provider wavespeed --size 864x480');
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stderr.text()).not.toContain('documented');
  });

  it('P6: is named with all that is wrong, in one refusal', async () => {
    const test = await dryRun('--provider sandbox --seconds 5 --size 1280x721 --json');
    expect(test.exit).toBe(2);
    expect(JSON.parse(test.stderr.text()).error).toMatchObject({
      code: 'usage',
      problems: [expect.stringContaining('5 s is not'), expect.stringContaining('1280x721 is not')],
      hint: expect.stringContaining('--allow-undocumented'),
    });
    const retired = await dryRun('--provider eachlabs --model sora-2-text-to-video --seconds 5 --json');
    expect(JSON.parse(retired.stderr.text()).error).toMatchObject({
      problems: [expect.stringContaining('has been retired'), expect.stringContaining('5 s is not')],
      hint: expect.stringMatching(/--allow-retired.*--allow-undocumented/),
    });
  });
});

describe('a line of a batch', () => {
  const files = { 'prompts.jsonl': '{"id":"a","prompt":"A."}\n{"id":"b","prompt":"B.","seconds":5}\n' };
  const check = (...more: string[]) =>
    run(['batch', 'check', 'prompts.jsonl', '--provider', 'sandbox', ...more], files);

  it('is held against the same limits, before anything is sent', async () => {
    const test = await check();
    expect(test.exit).toBe(2);
    expect(test.stderr.text()).toMatch(
      /prompts\.jsonl:2: 5 s is not one of the documented lengths of sora-2 .*--allow-undocumented/,
    );
  });

  it.each([
    [{ reference: 'http://a.example/b.png' }, 'sandbox', '"reference" takes an https URL, not a plain http one.'],
    [{ size: '1000x1000' }, 'wavespeed', /say "aspect", or "size" with one of these sides\.\n/],
    [{ characters: ['Joe'] }, 'sandbox', /Make one: sora character create <clip> --name "Joe"\n/],
  ])('is refused in words of a line, and with whole commands: %j at %s', async (more, provider, said) => {
    const line = JSON.stringify({ id: 'a', prompt: 'A hill.', ...more });
    const test = await run(['batch', 'check', 'prompts.jsonl', '--provider', provider], { 'prompts.jsonl': line });
    expect(test.exit).toBe(2);
    expect(test.stderr.text()).toMatch(said);
  });

  it('is planned with --allow-undocumented, and a warning', async () => {
    const test = await check('--allow-undocumented');
    expect(test.exit, test.stderr.text()).toBe(0);
    expect(test.stderr.text()).toContain('5 s is not one of the documented lengths of sora-2');
  });
});
