import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { readTypedLine } from '../../src/completion/bash-line.ts';
import { isSoraError, type SoraError } from '../../src/shared/errors.ts';

/** What is wrong with a line; undefined when its command was run. */
async function refusalOf(line: string): Promise<SoraError | undefined> {
  let ran = false;
  const program = createProgram({
    write: () => {},
    columns: 80,
    runLine: async () => 0,
    run: async () => {
      ran = true;
    },
  });
  const { words, current } = readTypedLine(line);
  const given = current.raw === '' ? words : [...words, current.text];
  const error = await program.parseAsync([...given], { from: 'user' }).catch((thrown: unknown) => thrown);
  expect(ran).toBe(!isSoraError(error));
  return isSoraError(error) ? error : undefined;
}

describe('P6: a line that cannot be read', () => {
  it.each<[string, readonly string[]]>([
    [
      'video generate x --seconds abc --size wide --timeout never',
      [
        "Option '--seconds <n>' argument 'abc' is invalid. It is a whole number from 1 to 600.",
        "Option '--size <WxH>' argument 'wide' is invalid. It is a size like 1280x720.",
        "Option '--timeout <time>' argument 'never' is invalid. It is a time like 3.2, 3.2s, 00:03.2, 15m, 2h or 30d.",
      ],
    ],
    [
      "--cast '' --backend x video list --status done",
      [
        "Option '--cast <file>' argument '' is invalid. It is empty.",
        expect.stringContaining("'--backend <kind>' argument 'x' is invalid. Allowed choices are openai"),
        expect.stringContaining("'--status <s>' argument 'done' is invalid. Allowed choices are submitting"),
      ],
    ],
    [
      "character create '' --fit x",
      [
        expect.stringContaining("'--fit <how>' argument 'x' is invalid."),
        "Required option '--name <name>' not specified",
        "Command-argument value '' is invalid for argument 'clip'. It is empty.",
      ],
    ],
    [
      'character create --start soon',
      [
        expect.stringContaining("Option '--start <time>' argument 'soon' is invalid."),
        "Required option '--name <name>' not specified",
      ],
    ],
    ['config set', ["Missing required argument 'key'", "Missing required argument 'value'"]],
    [
      'character create x.mp4 --nmae Joe --zzzzzz',
      [
        "Required option '--name <name>' not specified",
        "Unknown option '--nmae'. (Did you mean --name?)",
        "Unknown option '--zzzzzz'.",
      ],
    ],
    ['video generate --foo --foo x --bar=1 --foo --bar=2', ["Unknown option '--foo'.", "Unknown option '--bar=1'."]],
    [
      'video generate x --size wide --seconds',
      [expect.stringContaining("'wide' is invalid"), "Option '--seconds <n>' argument missing"],
    ],
    [
      'video generate x y --seconds abc',
      [
        expect.stringContaining("'abc' is invalid"),
        "Too many arguments for 'generate'. Expected 1 argument but got 2.",
      ],
    ],
    [
      '--backend x vidoe',
      [expect.stringContaining("'x' is invalid"), "Unknown command 'vidoe'. (Did you mean video?)"],
    ],
    ['--backend x video', [expect.stringContaining("'x' is invalid"), 'A subcommand is missing.']],
  ])('%s is refused for all that is wrong with it', async (line, problems) => {
    expect(await refusalOf(line)).toMatchObject({ code: 'usage', problems });
  });

  it.each([
    ['video prune --older-than never', /^Option '--older-than <time>' argument 'never' is invalid\./],
    ['video list --zzzzzz -- --yyyyyy', /^Unknown option '--zzzzzz'\.$/],
    ['video generate --foo --foo x', /^Unknown option '--foo'\.$/],
    ['video', /^A subcommand is missing\.$/],
  ])('%s is refused for the one thing that is wrong with it', async (line, message) => {
    expect(await refusalOf(line)).toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
      problems: [],
    });
  });

  it.each([
    ['--profile work video', 'See them with: sora video --help'],
    ['character create', 'For example: sora character create joe.mp4 --name Joe'],
    [
      'character create x.mp4 --start soon',
      'Add --help to see what the command takes. For example: sora character create joe.mp4 --name Joe',
    ],
  ])('%s leads to: %s', async (line, hint) => {
    expect(await refusalOf(line)).toMatchObject({ hint });
  });

  it('is read anew by the next one', async () => {
    const program = createProgram({ write: () => {}, columns: 80, run: async () => {}, runLine: async () => 0 });
    const parse = (...words: string[]) => program.parseAsync(words, { from: 'user' });
    await expect(parse('video', 'list', '--status', 'done')).rejects.toMatchObject({ code: 'usage' });
    await expect(parse('video', 'list')).resolves.toBe(program);
  });

  it('says nothing of bad values where help was asked for', async () => {
    expect(await helpOf('video generate --seconds abc --help')).toContain('Usage: sora video generate');
  });
});

async function helpOf(line: string): Promise<string> {
  let said = '';
  const program = createProgram({
    write: (text) => {
      said += text;
    },
    columns: 80,
    runLine: async () => 0,
    run: async () => {},
  });
  await expect(program.parseAsync(line.split(' '), { from: 'user' })).rejects.toMatchObject({ exitCode: 0 });
  return said;
}

it.each([
  ...['video generate', 'video download', 'video show', 'video extend', 'video edit', 'video remix'],
  ...['video cancel', 'video delete', 'video prune', 'character create', 'character show', 'character rename'],
  ...['character remove', 'character adopt', 'character export', 'character import', 'clip inspect', 'clip prepare'],
  ...['clip sheet', 'auth login', 'auth logout', 'config get', 'config set', 'config unset'],
])('sora %s without what it needs shows an example that can be run', async (command) => {
  const { hint = '' } = (await refusalOf(command)) ?? {};
  const [, example = ''] = /^For example: sora (.+)$/.exec(hint) ?? [];
  expect(example.startsWith(command)).toBe(true);
  expect(await refusalOf(example)).toBeUndefined();
});
