/** The words of a printed command, read back by the shells of this machine: the same bytes reach the program. */
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { nextCommands } from '../../src/shared/next-commands.ts';
import { clean, shellCommand, shellPhrase, shellQuote } from '../../src/shared/text.ts';
import { wrap } from '../../src/terminal/width.ts';

/** What every shell reads back, fish too. */
const WORDS = [
  ...[
    'plain',
    'two words',
    'two  spaces',
    "it's",
    '',
    '$(rm) `x` $HOME ~ * ?',
    'say "he" said',
    '!!',
    'wow! no!x',
    '!a"b',
  ],
  ...[
    'a\\',
    'a\\b',
    'a\\\\b',
    "a\\'b",
    "\\'",
    '\\\\',
    '=ls',
    '=',
    'a=b',
    '%1',
    '#no',
    '{a,b}',
    '[a-z]',
    '<x>',
    ';',
    'a&b',
  ],
  ...[
    'ends.',
    'ends,',
    '..',
    '../..',
    '(x).',
    'Joe. Mia. ',
    ' led and trailed ',
    'zoë',
    'zoe\u0308',
    '李雷　は',
    '😀 👩‍👩‍👧',
  ],
  ...['\u00a0', '\ufeffbom', '\u200bzero', "'", "''", '"', "'\"'"],
];

/** What has to be escaped, which fish does otherwise. */
const ESCAPED = [
  ...[
    'line\nline',
    'cr\r\nlf\r\n',
    '\n',
    'tab\tbed',
    "it's\na\\b!",
    '\u2028',
    'a\u2029b',
    '\u200e\u200f\u061c',
    '\u202eabc',
  ],
  ...['\u0001\u0002\u001b[31m', '\u007f\u0085\u009f', '1\u00012', '-\n-', 'zoe\u0308\n😀'],
];

const ALL = [...WORDS, ...ESCAPED];
const SHELLS = [
  ['bash', ['--norc', '-c'], ALL],
  ['zsh', ['-f', '-c'], ALL],
  ['sh', ['-c'], WORDS],
  ['fish', ['--no-config', '-c'], WORDS],
] as const;

async function hasShell(name: string): Promise<boolean> {
  return (await execa('sh', ['-c', `command -v ${name}`], { reject: false })).exitCode === 0;
}

/** What the program gets of a line; in a shell without `-c`, of one that was typed. */
async function argvOf(shell: string, args: readonly string[], line: string): Promise<readonly string[]> {
  const env = { LC_ALL: 'C.UTF-8', TERM: 'dumb', HOME: '/nonexistent', PATH: process.env.PATH ?? '', HISTFILE: '' };
  const script = `${process.execPath} -e 'process.stdout.write(JSON.stringify(process.argv.slice(1)))' -- `;
  const { stdout } = await execa(shell, [...args, ...(args.includes('-c') ? [script + line] : [])], {
    ...{ env, extendEnv: false, input: `${script}${line}\n` },
  });
  return JSON.parse(stdout.slice(stdout.indexOf('["')));
}

describe('the words of a printed command', () => {
  it.for(SHELLS)('reach the program with the same bytes through %s', async ([shell, args, words], { skip }) => {
    skip(!(await hasShell(shell)), `there is no ${shell}`);
    const line = [...words.map(shellQuote), ...words.map(shellPhrase)].join(' ');
    expect(await argvOf(shell, args, line)).toEqual([...words, ...words]);
  });

  it('are left alone by the history of bash, where they are typed', async () => {
    const line = ALL.map(shellQuote).join(' ');
    expect(await argvOf('bash', ['--norc', '--noprofile', '-i'], `${line} 2>/dev/null`)).toEqual(ALL);
  });

  it.each(ALL)('%j is on one line, and nothing is taken out of it on the way to a terminal', (word) => {
    const quoted = shellQuote(word);
    expect(clean(quoted)).toBe(quoted);
    expect(quoted).not.toContain('\n');
    const hint = `Continue with: ${shellCommand('sora video wait', [quoted], ['--force'])}`;
    expect(nextCommands(`${hint}. It goes on.`)[0]).toContain(word);
    expect(wrap(`hint: ${hint}`, 20).split('\n').slice(1).join('\n')).toBe(hint.slice('Continue with: '.length));
  });
});
