import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { HostName } from '../../src/providers/index.ts';
import { callOf } from '../../src/sandbox/dialects.ts';
import { FAULT_NAMES, FAULTS, type NamedFault } from '../../src/sandbox/faults/named.ts';
import { playScenario } from '../../src/sandbox/faults/scenario.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { makeMachine } from '../helpers/cli.ts';
import { covering } from '../helpers/covering.ts';
import { createWorld, GENERATE, OLD, type Run, type Stage, USER_KEY, type World } from '../helpers/faults.ts';
import { tempFolder } from '../helpers/temp.ts';
import { type Json, makeClip, rendererOf } from '../sandbox/harness.ts';

const SAVE = ['-o', 'old.mp4', '--force', '--timeout', '10s'];

/** Every command that talks to a host: what is there before it, and how long ago that was. */
const COMMANDS = {
  create: ['joe', 0, ['character', 'create', '{joe}', '--name', 'Joe', '--profile', 'ids']],
  sync: ['joe', 0, ['character', 'sync', 'Joe', '--profile', 'ids']],
  adopt: ['joe', 0, ['character', 'adopt', '{stranger}', '--name', 'Joe', '--profile', 'ids']],
  generate: ['joe', 0, GENERATE],
  'generate-o': ['registered', 0, [...GENERATE, ...SAVE]],
  status: ['job', 0.5, ['video', 'status', '@last']],
  wait: ['job', 0.5, ['video', 'wait', '@last', ...SAVE]],
  download: ['job', 5, ['video', 'download', '@last', '-o', 'old.mp4', '--force']],
  list: ['job', 5, ['video', 'list', '--remote']],
  cancel: ['job', 0.5, ['video', 'cancel', '@last']],
  delete: ['job', 5, ['video', 'delete', '@last', '--yes']],
  extend: ['job', 5, ['video', 'extend', '@last', 'He walks on.', '--seconds', '4']],
  doctor: ['joe', 0, ['doctor', '--api']],
} as const satisfies Record<string, readonly [Stage, number, readonly string[]]>;

type Command = keyof typeof COMMANDS;

/** Those that end with a file. */
const SAVES: readonly Command[] = ['generate-o', 'wait', 'download'];

const always = (fault: Json, match: Json = {}): Json => ({ rules: [{ match, ...fault }] });
const fate = (job: Json): Json => ({ jobs: Array.from({ length: 3 }, () => job) });
const ERROR_IN_200 = {
  code: 500,
  status: 'error',
  error: { code: 'server_error', message: 'Something \u001b[31mbroke\u0007.' },
};
const PAGE = '<!doctype html><title>Sign in</title><h1>Sign in to go on</h1>';
/** Whose pictures alone are not what they should be. */
const DAMAGED = 'content zeroed at its end';
const ELSEWHERE = '{elsewhere}';

/** No command ends in another way for it, and the videos here are not rendered. */
function isOfPicturesAlone({ job }: NamedFault): boolean {
  return job?.shows !== undefined;
}

const SCENARIOS: Readonly<Record<string, Json>> = {
  none: {},
  ...Object.fromEntries(
    FAULT_NAMES.filter((name) => !isOfPicturesAlone(FAULTS[name])).map((name) => [name, { use: [name] }]),
  ),
  'always 429 with Retry-After': always({ respond: { status: 429, headers: { 'retry-after': '1' } } }),
  'always 429': always({ respond: { status: 429 } }),
  'always 402': always({ respond: { status: 402 } }),
  'always 500 after carrying out': always({ respond: { status: 500 }, applyFirst: true }),
  'always reset before': always({ reset: 'before' }),
  'always reset after': always({ reset: 'after' }),
  'always half an answer': always({ truncateBytes: 20 }),
  'always html': always({ respond: { status: 200, headers: { 'content-type': 'text/html' }, body: PAGE } }),
  'always an error in 200': always({ respond: { status: 200, body: ERROR_IN_200 } }),
  'always redirected': always({ respond: { status: 307, headers: { location: ELSEWHERE } } }),
  'content redirected': always({ respond: { status: 302, headers: { location: ELSEWHERE } } }, { call: 'content' }),
  'content cut once': { rules: [{ match: { call: 'content' }, times: 1, truncateBytes: 3000 }] },
  'content always cut': always({ truncateBytes: 3000 }, { call: 'content' }),
  'content never begun': always({ truncateBytes: 0 }, { call: 'content' }),
  'content without its end': always({ corrupt: { at: -300, with: 'nothing' } }, { call: 'content' }),
  [DAMAGED]: always({ corrupt: { at: -300, with: 'zeros' } }, { call: 'content' }),
  'content is JSON': always({ respond: { status: 200, body: ERROR_IN_200 } }, { call: 'content' }),
  'content is empty': always({ corrupt: { at: 0, with: 'nothing' } }, { call: 'content' }),
  'the job fails': fate({ fail: { code: 'processing_error', message: 'The \u001b]0;oven\u0007 was cold.' } }),
  'the job is moderated': fate({ fail: { code: 'moderation_blocked', message: 'No likeness of real people.' } }),
  'the job ends unknown': fate({ end: 'evaporated' }),
  'the model is another': fate({ made: { model: 'sora-1' } }),
  'done, then not': fate({ status: ['completed', 'queued'] }),
};

/** The lines of `EXPECTED` that are the same at every host of tasks: what arrives instead of a video. */
const TASK_CONTENT = `
wrong-type                    -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
trickle                       -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
cut-video                     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
broken-video                  -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
dead-link                     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content redirected            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content cut once              -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content always cut            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content never begun           -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content without its end       -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content zeroed at its end     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content is JSON               -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content is empty              -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -`;

/** Those of hosts of tasks that make characters: creates that are refused or lost. */
const TASK_HOST = `
                              create sync   adopt  gen    gen-o  status wait   down   list   cancel delete extend doctor
no-credit                     10/1   10/1   -      10/1   10/1   -      -      -      -      -      -      -      -
reset-before                  7/1    7/1    -      7/1    7/1    -      -      -      -      -      -      -      -
reset-after                   7/1    7/1    -      7/1    7/1    -      -      -      -      -      -      -      -${TASK_CONTENT}`;

/**
 * Exit code / requests that begin work, as the host has seen them. A line stands for one scenario, a column for one
 * command; `-` is a command that cannot meet the fault, as `meets` proves, and is not run.
 */
const EXPECTED: Readonly<Record<HostName, string>> = {
  openai: `
                              create sync   adopt  gen    gen-o  status wait   down   list   cancel delete extend doctor
none                          0/1    0/1    0/0    0/2    0/1    0/0    0/0    0/0    0/0    5/0    0/0    0/1    0/0
slow                          0/1    0/1    0/0    0/2    0/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
rate-limit                    0/3    0/3    0/0    0/4    0/3    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
rate-limit-bare               5/1    5/1    0/0    5/1    5/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
no-credit                     10/1   10/1   -      10/1   10/1   -      -      -      -      -      -      10/1   -
burst                         7/1    7/1    0/0    7/1    7/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
down                          7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
reset-before                  7/1    7/1    -      7/1    7/1    -      -      -      -      -      -      7/1    -
reset-after                   7/1    7/1    -      7/1    7/1    -      -      -      -      -      -      7/1    -
half-answer                   7/1    7/1    0/0    7/1    7/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
html                          7/1    7/1    6/0    7/1    7/1    6/0    0/0    6/0    6/0    -      6/0    6/0    6/0
error-in-200                  7/1    7/1    6/0    7/1    7/1    6/0    0/0    6/0    6/0    -      6/0    6/0    6/0
wrong-type                    -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      0/0
trickle                       -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      0/0
cut-video                     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      0/0
broken-video                  -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      5/0
dead-link                     -      -      -      -      -      -      -      -      -      -      -      -      -
short-link                    0/1    0/1    -      0/2    0/1    0/0    0/0    0/0    0/0    5/0    0/0    0/1    -
expired                       0/1    0/1    -      0/2    9/1    0/0    9/0    9/0    0/0    5/0    0/0    0/1    -
backwards                     0/1    0/1    -      0/2    0/1    0/0    0/0    0/0    0/0    5/0    0/0    0/1    -
unknown-status                0/1    0/1    -      0/2    0/1    0/0    0/0    0/0    0/0    5/0    0/0    0/1    -
odd-progress                  0/1    0/1    -      0/2    0/1    0/0    0/0    0/0    0/0    5/0    0/0    0/1    -
clock-ahead                   0/1    0/1    0/0    0/2    0/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
clock-behind                  0/1    0/1    0/0    0/2    0/1    0/0    0/0    0/0    0/0    -      0/0    0/1    0/0
always 429 with Retry-After   5/4    5/4    6/0    5/4    5/4    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always 429                    5/1    5/1    6/0    5/1    5/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always 402                    10/1   10/1   10/0   10/1   10/1   10/0   8/0    10/0   10/0   -      10/0   10/0   10/0
always 500 after carrying out 7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always reset before           7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always reset after            7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always half an answer         7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always html                   7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always an error in 200        7/1    7/1    6/0    7/1    7/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
always redirected             5/1    5/1    6/0    5/1    5/1    6/0    8/0    6/0    6/0    -      6/0    6/0    6/0
content redirected            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      5/0
content cut once              -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      0/0
content always cut            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      0/0
content never begun           -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      6/0
content without its end       -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      5/0
content zeroed at its end     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      5/0
content is JSON               -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      0/0
content is empty              -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      5/0
the job fails                 0/1    0/1    -      0/2    5/1    0/0    5/0    5/0    0/0    5/0    0/0    5/0    -
the job is moderated          0/1    0/1    -      0/2    11/1   0/0    11/0   11/0   0/0    5/0    0/0    11/0   -
the job ends unknown          0/1    0/1    -      0/2    8/1    0/0    8/0    8/0    0/0    5/0    8/0    8/0    -
the model is another          0/1    0/1    -      0/2    9/1    0/0    9/0    9/0    0/0    5/0    0/0    0/1    -
done, then not                0/1    0/1    -      0/2    9/1    0/0    9/0    0/0    0/0    5/0    0/0    0/1    -`,
  wavespeed: `
                              create sync   adopt  gen    gen-o  status wait   down   list   cancel delete extend doctor
none                          0/1    0/1    0/0    0/1    0/1    0/0    0/0    0/0    0/0    5/0    0/0    5/0    0/0
slow                          0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
rate-limit                    0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
rate-limit-bare               0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
burst                         0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
down                          6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
half-answer                   0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
html                          6/0    6/0    -      6/0    0/1    6/0    0/0    6/0    6/0    -      6/0    -      6/0
error-in-200                  6/0    6/0    -      6/0    0/1    6/0    0/0    6/0    6/0    -      6/0    -      6/0
short-link                    0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    5/0    0/0    5/0    -
expired                       0/1    0/1    -      0/1    9/1    0/0    9/0    9/0    0/0    5/0    0/0    5/0    -
backwards                     0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    5/0    0/0    5/0    -
unknown-status                0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    5/0    0/0    5/0    -
odd-progress                  0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    5/0    0/0    5/0    -
clock-ahead                   0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
clock-behind                  0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    -      0/0    -      0/0
always 429 with Retry-After   6/0    6/0    -      6/0    5/4    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always 429                    6/0    6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always 402                    10/0   10/0   -      10/0   10/1   10/0   8/0    10/0   10/0   -      10/0   -      10/0
always 500 after carrying out 6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always reset before           6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always reset after            6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always half an answer         6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always html                   6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always an error in 200        6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
always redirected             6/0    6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    -      6/0    -      6/0
the job fails                 5/1    5/1    -      0/1    5/1    0/0    5/0    5/0    0/0    5/0    0/0    5/0    -
the job is moderated          11/1   11/1   -      0/1    11/1   0/0    11/0   11/0   0/0    5/0    0/0    5/0    -
the job ends unknown          8/1    8/1    -      0/1    8/1    0/0    8/0    8/0    0/0    5/0    8/0    5/0    -
the model is another          0/1    0/1    -      0/1    9/1    0/0    9/0    9/0    0/0    5/0    0/0    5/0    -
done, then not                0/1    0/1    -      0/1    0/1    0/0    9/0    0/0    0/0    5/0    0/0    5/0    -${TASK_HOST}`,
  eachlabs: `
                              create sync   adopt  gen    gen-o  status wait   down   list   cancel delete extend doctor
none                          0/1    0/1    0/0    0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    0/0
slow                          0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
rate-limit                    0/1    0/1    -      0/1    0/3    0/0    0/0    0/0    0/0    0/0    -      -      0/0
rate-limit-bare               0/1    0/1    -      0/1    5/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
burst                         0/1    0/1    -      0/1    7/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
down                          6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
half-answer                   0/1    0/1    -      0/1    7/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
html                          6/0    6/0    -      6/0    7/1    6/0    0/0    6/0    6/0    6/0    -      -      6/0
error-in-200                  5/0    5/0    -      5/0    7/1    6/0    0/0    6/0    6/0    6/0    -      -      6/0
short-link                    0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
expired                       0/1    0/1    -      0/1    9/1    0/0    9/0    9/0    0/0    0/0    5/0    5/0    -
backwards                     0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
unknown-status                0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
odd-progress                  0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
clock-ahead                   0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
clock-behind                  0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
always 429 with Retry-After   6/0    6/0    -      6/0    5/4    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always 429                    6/0    6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always 402                    10/0   10/0   -      10/0   10/1   10/0   8/0    10/0   10/0   10/0   -      -      10/0
always 500 after carrying out 6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always reset before           6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always reset after            6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always half an answer         6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always html                   6/0    6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always an error in 200        5/0    5/0    -      5/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always redirected             6/0    6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
the job fails                 5/1    5/1    -      0/1    5/1    0/0    5/0    5/0    0/0    0/0    5/0    5/0    -
the job is moderated          11/1   11/1   -      0/1    11/1   0/0    11/0   11/0   0/0    0/0    5/0    5/0    -
the job ends unknown          8/1    8/1    -      0/1    8/1    0/0    8/0    8/0    0/0    0/0    5/0    5/0    -
the model is another          0/1    0/1    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
done, then not                0/1    0/1    -      0/1    0/1    0/0    9/0    0/0    0/0    5/0    5/0    5/0    -${TASK_HOST}`,
  fal: `
                              create sync   adopt  gen    gen-o  status wait   down   list   cancel delete extend doctor
none                          0/0    0/0    2/0    0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    0/0
slow                          -      0/0    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
rate-limit                    -      0/0    -      0/1    0/3    0/0    0/0    0/0    0/0    0/0    -      -      0/0
rate-limit-bare               -      0/0    -      0/1    5/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
burst                         -      0/0    -      0/1    7/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
down                          -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
half-answer                   -      0/0    -      0/1    7/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
html                          -      6/0    -      6/0    7/1    6/0    0/0    6/0    6/0    6/0    -      -      6/0
error-in-200                  -      5/0    -      5/0    7/1    6/0    0/0    6/0    6/0    6/0    -      -      6/0
short-link                    -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
expired                       -      -      -      0/1    9/1    0/0    9/0    9/0    0/0    0/0    5/0    5/0    -
backwards                     -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
unknown-status                -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
odd-progress                  -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
clock-ahead                   -      0/0    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
clock-behind                  -      0/0    -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    -      -      0/0
always 429 with Retry-After   -      6/0    -      6/0    5/4    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always 429                    -      6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always 402                    -      10/0   -      10/0   10/1   10/0   8/0    10/0   10/0   10/0   -      -      10/0
always 500 after carrying out -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always reset before           -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always reset after            -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always half an answer         -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always html                   -      6/0    -      6/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always an error in 200        -      5/0    -      5/0    7/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
always redirected             -      6/0    -      6/0    5/1    6/0    8/0    6/0    6/0    6/0    -      -      6/0
the job fails                 -      -      -      0/1    5/1    0/0    5/0    5/0    0/0    0/0    5/0    5/0    -
the job is moderated          -      -      -      0/1    11/1   0/0    11/0   11/0   0/0    0/0    5/0    5/0    -
the job ends unknown          -      -      -      0/1    8/1    0/0    8/0    8/0    0/0    0/0    5/0    5/0    -
the model is another          -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
done, then not                -      -      -      0/1    0/1    0/0    0/0    0/0    0/0    0/0    5/0    5/0    -
no-credit                     -      -      -      10/1   10/1   -      -      -      -      -      -      -      -
reset-before                  -      -      -      7/1    7/1    -      -      -      -      -      -      -      -
reset-after                   -      -      -      7/1    7/1    -      -      -      -      -      -      -      -${TASK_CONTENT}`,
  runway: `
none                          0/0    0/0    2/0    0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    0/0
slow                          -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
rate-limit                    -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
rate-limit-bare               -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
no-credit                     -      -      -      10/1   10/1   -      -      -      -      -      -      -      -
burst                         -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
down                          -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
reset-before                  -      -      -      7/1    7/1    -      -      -      -      -      -      -      -
reset-after                   -      -      -      7/1    7/1    -      -      -      -      -      -      -      -
half-answer                   -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
html                          -      6/0    -      6/0    0/1    6/0    0/0    6/0    -      6/0    6/0    -      6/0
error-in-200                  -      5/0    -      5/0    0/1    6/0    0/0    6/0    -      6/0    6/0    -      6/0
wrong-type                    -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
trickle                       -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
cut-video                     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
broken-video                  -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
dead-link                     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
short-link                    -      -      -      0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    -
expired                       -      -      -      0/1    9/1    0/0    9/0    9/0    5/0    0/0    0/0    5/0    -
backwards                     -      -      -      0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    -
unknown-status                -      -      -      0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    -
odd-progress                  -      -      -      0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    -
clock-ahead                   -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
clock-behind                  -      0/0    -      0/1    0/1    0/0    0/0    0/0    -      0/0    0/0    -      0/0
always 429 with Retry-After   -      6/0    -      6/0    5/4    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always 429                    -      6/0    -      6/0    5/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always 402                    -      10/0   -      10/0   10/1   10/0   8/0    10/0   -      10/0   10/0   -      10/0
always 500 after carrying out -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always reset before           -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always reset after            -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always half an answer         -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always html                   -      6/0    -      6/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always an error in 200        -      5/0    -      5/0    7/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
always redirected             -      6/0    -      6/0    5/1    6/0    8/0    6/0    -      6/0    6/0    -      6/0
content redirected            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content cut once              -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content always cut            -      -      -      -      0/1    -      0/0    0/0    -      -      -      -      -
content never begun           -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content without its end       -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content zeroed at its end     -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content is JSON               -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
content is empty              -      -      -      -      9/1    -      9/0    9/0    -      -      -      -      -
the job fails                 -      -      -      0/1    5/1    0/0    5/0    5/0    5/0    0/0    0/0    5/0    -
the job is moderated          -      -      -      0/1    11/1   0/0    11/0   11/0   5/0    0/0    0/0    5/0    -
the job ends unknown          -      -      -      0/1    8/1    0/0    8/0    8/0    5/0    0/0    8/0    5/0    -
the model is another          -      -      -      0/1    0/1    0/0    0/0    0/0    5/0    0/0    0/0    5/0    -
done, then not                -      -      -      0/1    0/1    0/0    9/0    0/0    5/0    5/0    0/0    5/0    -${TASK_HOST}`,
};

const NAME_COLUMNS = 30;
const COMMAND_NAMES = Object.keys(COMMANDS) as Command[];

/** The cells of a line, by command. */
function lineOf(dialect: HostName, name: string): readonly string[] {
  const line = EXPECTED[dialect].split('\n').find((one) => one.slice(0, NAME_COLUMNS).trim() === name) ?? '';
  return line.slice(NAME_COLUMNS).trim().split(/ +/);
}

const idOf = (dialect: HostName, scenario: string, command: Command): string => `${dialect}: ${scenario}: ${command}`;

/**
 * Each fault at each host, each command at each host, and each way in which a command that can meet a fault ends; on request all
 * of the cells.
 */
const TESTED = new Set(
  covering(
    (Object.keys(EXPECTED) as HostName[])
      .flatMap((dialect) =>
        Object.keys(SCENARIOS).flatMap((scenario) =>
          COMMAND_NAMES.map((command, column) => ({
            dialect,
            scenario,
            command,
            end: lineOf(dialect, scenario)[column],
          })),
        ),
      )
      .filter(({ end }) => end !== '-'),
    ({ dialect, scenario, command, end }) => [
      `${dialect}: ${scenario}`,
      `${dialect}: ${command}`,
      `${scenario}: ${command}: ${end}`,
    ],
  ).map(({ dialect, scenario, command }) => idOf(dialect, scenario, command)),
);

/** What a command is known by before any fault: what it asked the host for, and how much it began, where nothing is wrong. */
type Healthy = Pick<Run, 'requests' | 'creates'>;

/**
 * Up to its first fault a command asks what it asks where nothing is wrong. It cannot meet a fault that lies on none of
 * these requests, nor the fate of a job where there is no job and none is made.
 */
function meets(command: Command, { requests, creates }: Healthy, scenario: Json): boolean {
  const named = ((scenario.use ?? []) as readonly (keyof typeof FAULTS)[]).map((name): NamedFault => FAULTS[name]);
  const hasFates = scenario.jobs !== undefined || named.some(({ job }) => job !== undefined);
  if (hasFates && (COMMANDS[command][0] === 'job' || creates > 0)) return true;
  const player = playScenario({ version: 1, ...scenario });
  if (player.skewMs !== 0) return requests.length > 0;
  return requests.some(
    ({ method, path }) => player.fault({ method, path, call: callOf(method, path.split('?')[0] ?? '') }) !== undefined,
  );
}

/** What a scenario has in store for a job that was made before the command, without its other faults. */
function fatesOf({ jobs, use }: Json, command: Command): Json {
  const named = ((use ?? []) as readonly (keyof typeof FAULTS)[]).filter((name) => 'job' in FAULTS[name]);
  return {
    ...(jobs !== undefined && { jobs }),
    ...(named.length > 0 && { use: named }),
    // There has to be something left to cancel, however slow the host is.
    ...(command === 'cancel' && { jobSeconds: 60 }),
  };
}

describe.each(Object.keys(EXPECTED) as HostName[])('at a host that speaks %s', (dialect) => {
  let world: World;
  const healthy = new Map<Command, Healthy>();
  beforeAll(async () => {
    world = await createWorld(dialect);
    for (const command of COMMAND_NAMES) healthy.set(command, await runAgainst(command, {}));
  });
  afterAll(() => world.close());

  async function runAgainst(command: Command, scenario: Json, damaged = false): Promise<Run> {
    const [stage, afterSeconds, argv] = COMMANDS[command];
    await world.prepare(stage, stage === 'job' ? fatesOf(scenario, command) : {});
    // Of what does not concern the pictures, a machine without ffmpeg tells the same in half the time.
    return world.run(argv, { scenario, afterSeconds, hasFfmpeg: damaged || !SAVES.includes(command) });
  }

  it.each(Object.keys(SCENARIOS))('every command ends as it should against: %s', async (name) => {
    const scenario = SCENARIOS[name] ?? {};
    const damaged = name === DAMAGED;
    const expected = lineOf(dialect, name);
    const cells: string[] = [];
    const complaints: string[] = [];
    for (const [column, command] of COMMAND_NAMES.entries()) {
      const known = healthy.get(command);
      if (name !== 'none' && known && !meets(command, known, scenario)) {
        cells.push('-');
        continue;
      }
      const cell = expected[column] ?? '';
      if (cell !== '-' && !TESTED.has(idOf(dialect, name, command))) {
        cells.push(cell);
        continue;
      }
      const run = await runAgainst(command, scenario, damaged);
      cells.push(`${run.exit}/${run.creates}`);
      const wrong = faultsOf(run, { command, world, damaged });
      complaints.push(...wrong.map((what) => `${command} ${what}:\n${run.stderr}`));
    }
    expect(complaints).toEqual([]);
    expect(cells.join(' ')).toBe(expected.join(' '));
  });
});

/** Everything that must hold after any command against any fault, as far as it does not. */
function faultsOf(
  run: Run,
  { command, world, damaged }: { command: Command; world: World; damaged: boolean },
): string[] {
  const { exit, stdout, stderr, files, homeFiles, jobs } = run;
  const old = files.get('old.mp4');
  const isNew = old?.equals(OLD) === false;
  const saves = SAVES.includes(command);
  // Of a damaged one, which is no success.
  const kept = damaged && saves && exit === 9;
  const mayBeNew = saves && (exit === 0 || stderr.includes('The file is kept'));
  const begun = ['generate', 'generate-o', 'extend'].includes(command) ? jobs.at(-1) : undefined;
  const isOwn = begun !== undefined && (command !== 'extend' || jobs.length === 2);
  const seen = JSON.stringify(world.elsewhere.seen);
  const rules: Readonly<Record<string, boolean>> = {
    'is a bug': exit !== 1,
    'shows a stack': !/^ +at /m.test(stdout + stderr),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
    'lets control characters through': !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stdout + stderr),
    'does not say in one sentence what is wrong, and what to do': explains(run, command),
    'shows the key': !(stdout + stderr).includes(USER_KEY),
    'sends the key to another origin': !seen.includes(USER_KEY),
    'leaves a file behind': [...files.keys()].toSorted().join() === (kept ? 'old.damaged.mp4,old.mp4' : 'old.mp4'),
    'does not keep what came': !damaged || !saves || files.has('old.damaged.mp4'),
    'leaves an unfinished file at home': !homeFiles.some((name) => /\.(tmp|part)\b/.test(name)),
    'touches the old file': isNew ? mayBeNew : !(saves && exit === 0),
    'saves something else than was made': !isNew || old?.equals(world.film) === true,
    'has the wrong record': !isOwn || STATUSES[exit]?.includes(String(begun.status)) === true,
  };
  return Object.keys(rules).filter((what) => rules[what] === false);
}

/** What a record says after the command that made it. */
const STATUSES: Readonly<Record<number, readonly string[]>> = {
  0: ['queued', 'running', 'succeeded'],
  5: ['failed'],
  6: ['failed'],
  7: ['unknown'],
  8: ['queued', 'running'],
  9: ['succeeded'],
  10: ['failed'],
  11: ['failed'],
};

function explains({ exit, stdout, stderr }: Run, command: Command): boolean {
  if (command === 'doctor')
    return exit === 0 ? !stdout.includes('FAIL') : /^FAIL .{20,}\n {10,}\S.{10,}$/m.test(stdout);
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  if (exit === 0) return errors.length === 0;
  return errors.length === 1 && /^error: [^\n]{15,600}\nhint: [^\n]{10,}$/m.test(stderr);
}

describe('the real program', () => {
  it.each([
    ['rate-limit', 0, 3],
    ['no-credit', 10, 1],
    ['down', 7, 1],
    ['reset-before', 7, 1],
    ['reset-after', 7, 1],
    ['html', 7, 1],
    ['cut-video', 9, 1],
    ['trickle', 0, 1],
  ] as const)('ends as it should against %s: exit %i, creates %i', async (name, exit, creates) => {
    const film = Buffer.from(await (await makeClip({ seconds: 4 })).arrayBuffer());
    const log: string[] = [];
    const server = await startSandbox({
      ...{ stateDir: await tempFolder(), ffmpeg: 'none', renderer: rendererOf(film) },
      ...{ scenario: { version: 1, jobSeconds: 0, use: [name] }, log: (line: string) => void log.push(line) },
    });
    onTestFinished(() => server.close());
    const { sora, dir } = makeMachine({ OPENAI_BASE_URL: server.url, OPENAI_API_KEY: USER_KEY });
    const path = join(dir, 'old.mp4');
    writeFileSync(path, OLD);
    const argv = ['video', 'generate', 'A hill.', '-o', 'old.mp4', '--force', '--poll-interval', '100ms', '--json'];
    const { exitCode, stdout, stderr } = await sora(argv);
    const isCreate = (line: string): boolean => callOf(line.split(' ')[0] ?? '', line.split(' ')[1] ?? '') === 'create';
    expect({ exitCode, creates: log.filter(isCreate).length }).toEqual({ exitCode: exit, creates });
    expect(readFileSync(path).equals(exit === 0 ? film : OLD)).toBe(true);
    expect(readdirSync(dir).toSorted()).toEqual(['home', 'old.mp4']);
    if (exit === 0) expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', outputPath: path });
    else
      expect(JSON.parse(stderr.split('\n').at(-1) ?? '').error).toMatchObject({ hint: expect.stringMatching(/.{10}/) });
    expect(stdout + stderr).not.toContain(USER_KEY);
  });
});
