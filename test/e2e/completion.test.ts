import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCharacterStore } from '../../src/characters/store.ts';
import { newJobId } from '../../src/videos/jobs/record.ts';
import { createJobStore } from '../../src/videos/jobs/store.ts';
import { BIN, type Machine, makeMachine } from '../helpers/cli.ts';
import { keepSample, sampleJob } from '../helpers/samples.ts';

const NASTY = `Joe's "Boss" $x`;
const JAPANESE = 'みあ ちゃん';
const JOB = newJobId(1, () => 0.5);

let machine: Machine;

/** A machine with `sora` on its PATH, which repeats whom it is to show, a cast that no shell can read without quotes, a job, and a file. */
beforeEach(async () => {
  machine = makeMachine({ LC_ALL: 'C.UTF-8', TERM: 'xterm', PS1: '', HISTFILE: '' });
  const bin = join(machine.dir, 'bin');
  mkdirSync(bin);
  const repeats = `[ "$1 $2" != 'character show' ] || exec printf 'shown: %s\\n' "$3"`;
  writeFileSync(join(bin, 'sora'), `#!/bin/sh\n${repeats}\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  chmodSync(join(bin, 'sora'), 0o755);
  machine.env.PATH = `${bin}:${machine.env.PATH}`;
  writeFileSync(join(machine.dir, 'my clip.mp4'), '');
  mkdirSync(join(machine.dir, 'of films'));
  for (const name of ['of night.md', 'of notes.txt', 'of rain.MD']) writeFileSync(join(machine.dir, name), '');
  const { home } = machine;
  const store = createCharacterStore({ charactersDir: join(home, 'characters'), clipsDir: join(home, 'clips') });
  for (const name of [NASTY, JAPANESE, 'Mia Wong']) await keepSample(store, name);
  await createJobStore({ dir: join(home, 'jobs') }).create(sampleJob(JOB));
});

async function hasShell(name: string): Promise<boolean> {
  return (await execa('sh', ['-c', `command -v ${name}`], { reject: false })).exitCode === 0;
}

/** util-linux's: BSD's `script` takes other arguments. */
async function hasTerminal(): Promise<boolean> {
  const { stdout } = await execa('script', ['--version'], { reject: false });
  return stdout?.includes('util-linux') === true;
}

async function run(shell: string, script: string): Promise<string[]> {
  const { dir: cwd, env } = machine;
  const { stdout } = await execa(shell, ['-c', script], { cwd, env, extendEnv: false, stdin: 'ignore' });
  return stdout.split('\n');
}

/** What a shell prints when these keys are typed on a terminal. */
async function type(command: string, keys: string): Promise<string> {
  const { dir: cwd, env } = machine;
  const typed = execa('script', ['-qefc', command, '/dev/null'], { cwd, env, extendEnv: false, input: keys });
  return stripVTControlCharacters((await typed).stdout).replaceAll('\r', '');
}

/** Lines to be completed on a terminal, each printed as the shell then reads it. */
const LINES: readonly (readonly [typed: string, word: string])[] = [
  ['Mi', 'Mia Wong'],
  ['"Mi', 'Mia Wong'],
  ['Jo', NASTY],
  ['"Jo', NASTY],
  ["'Jo", NASTY],
  ['み', JAPANESE],
];

/** Of `of night.md` and `of notes.txt` one is a storyboard; where no file is one, any file is offered. Each is read by its command. */
const FILE_KEYS = 'sora storyboard check of\\ n\t--json\nsora storyboard check my\t--json\ntrue\n';

function filesRead(said: string): (string | undefined)[] {
  return [...said.matchAll(/"message":"[^"\n]*?(of night\.md|of notes\.txt|my clip\.mp4)/g)].map(([, name]) => name);
}

describe('completion in bash', () => {
  it('asks the program for each word, and needs no package', async () => {
    const lines = await run(
      'bash',
      `source <(sora completion bash)
       complete -p sora
       try() { COMP_LINE=$1; COMP_POINT=\${#1}; _sora sora "$2"; printf '%s|' "\${COMPREPLY[@]}"; echo; }
       try 'sora vi' vi
       try 'sora character show Mi' Mi
       try 'sora character show "Jo' Jo
       try 'sora video wait @' ''
       try 'sora video list --status=succ' succ
       try 'sora clip inspect my' my
       try 'sora storyboard render of' of
       try 'sora batch run of\\ n' of\\ n`,
    );
    expect(lines[0]).toMatch(/-F _sora sora$/);
    expect(lines.slice(1)).toEqual([
      'video|',
      'Mia\\ Wong|',
      `${NASTY.replaceAll('"', '\\"').replace('$', '\\$')}|`,
      'last|',
      'succeeded|',
      'my clip.mp4|',
      'of films|of night.md|of rain.MD|',
      // None is a batch: any file.
      expect.stringMatching(/^(?:of n.*)?\|$/),
    ]);
  });

  it('inserts names as bash reads them back', async ({ skip }) => {
    skip(!(await hasTerminal()), 'there is no `script` of util-linux');
    const keys = LINES.map(([typed]) => `sora character show ${typed}\t\n`).join('');
    const said = await type(
      'bash --norc --noprofile -i',
      `PS1=; source <(sora completion bash); clear\n${keys}sora video show @l\t-q\n${FILE_KEYS}exit\n`,
    );
    const names = [...said.matchAll(/^shown: (.*)$/gm)].map(([, name]) => name);
    expect(names).toEqual(LINES.map(([, word]) => word));
    expect(said).toMatch(new RegExp(`^${JOB}$`, 'm'));
    expect(filesRead(said)).toEqual(['of night.md', 'my clip.mp4']);
  });
});

describe('completion in zsh', () => {
  it('inserts names as zsh reads them back', async ({ skip }) => {
    skip(!(await hasShell('zsh')), 'there is no zsh');
    skip(!(await hasTerminal()), 'there is no `script` of util-linux');
    const keys = LINES.map(([typed]) => `sora character show ${typed}\t\n`).join('');
    const said = await type(
      'zsh -f -i',
      `PS1=; autoload -U compinit; compinit -D; source <(sora completion zsh); clear\n${keys}` +
        `sora video show @l\t-q\nsora video show --provider=sandb\t@last -q\n${FILE_KEYS}exit\n`,
    );
    const names = [...said.matchAll(/^shown: (.*)$/gm)].map(([, name]) => name);
    expect(names).toEqual(LINES.map(([, word]) => word));
    expect(said.match(new RegExp(`^${JOB}$`, 'gm'))).toHaveLength(2);
    expect(filesRead(said)).toEqual(['of night.md', 'my clip.mp4']);
  });
});

describe('completion in fish', () => {
  it('asks the program for each word', async ({ skip }) => {
    skip(!(await hasShell('fish')), 'there is no fish');
    const lines = await run(
      'fish',
      `sora completion fish | source
       complete -C 'sora vide'
       complete -C 'sora character show Mi'
       complete -C 'sora character show Mia\\\\ '
       complete -C 'sora character show "Joe'
       complete -C 'sora character show み'
       complete -C 'sora video wait @'
       complete -C 'sora video list --status=succ'
       complete -C 'sora clip inspect my'
       complete -C 'sora storyboard render of'
       complete -C 'sora --cast=my'`,
    );
    const about = '1280x720, 3.50 s';
    expect(lines).toEqual([
      'video\tmake videos, follow their jobs, download them',
      `Mia Wong\t${about}`,
      `Mia Wong\t${about}`,
      `${NASTY}\t${about}`,
      `${JAPANESE}\t${about}`,
      '@last\tthe newest job',
      '--status=succeeded',
      expect.stringMatching(/^my clip\.mp4/),
      ...['of films/', 'of night.md', 'of rain.MD'].map((name) => expect.stringContaining(name)),
      expect.stringMatching(/^--cast=my clip\.mp4/),
    ]);
  });
});
