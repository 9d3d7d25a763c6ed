import { describe, expect, it, vi } from 'vitest';
import { SoraError } from '../../src/shared/errors.ts';
import { ownersSentence } from '../../src/shared/option-owners.ts';
import { createUi, type Ui, type UiOptions } from '../../src/terminal/ui.ts';
import { Captured } from '../helpers/runtime.ts';

const ESC = '\u001b';

interface Setup {
  readonly ui: Ui;
  readonly stdout: Captured;
  readonly stderr: Captured;
}

function setUp({ colored = false, ...options }: Partial<UiOptions> & { colored?: boolean } = {}): Setup {
  const [stdout, stderr] = [new Captured(), new Captured()];
  const ui = createUi({
    stdout: { stream: stdout, isTTY: colored, columns: 80 },
    stderr: { stream: stderr, isTTY: colored, columns: 80 },
    json: false,
    quiet: false,
    color: { stdout: colored, stderr: colored },
    animate: false,
    ...options,
  });
  return { ui, stdout, stderr };
}

const RESULT = { json: { id: 'job_1' }, text: 'Job job_1 is queued.', quiet: ['job_1', 'job_2'] };

describe('a note, a warning or a hint that names an option of another command', () => {
  const footnote = (text: string): string => ownersSentence(text, { words: 'video resend', flags: new Set() });

  it('ends with that command; what a hint leads to is still found', () => {
    const [plain, json] = [setUp({ footnote }), setUp({ footnote, json: true })];
    plain.ui.note('Add --fit crop');
    plain.ui.warn('No bars.');
    const hint = 'Name another with --model: sora provider models fal';
    json.ui.error(new SoraError('usage', 'No.', { hint }));
    const [note, warning] = plain.stderr.text().split('\n');
    expect(note).toBe('Add --fit crop. --fit is an option of sora video generate.');
    expect(warning).toBe('warning: No bars.');
    expect(json.stderr.json()).toMatchObject([
      {
        error: {
          hint: `${hint}\n--model is an option of sora video generate.`,
          next: [['sora', 'provider', 'models', 'fal']],
        },
      },
    ]);
  });
});

describe('a long message', () => {
  const WORDS = 'one two three four';
  const ERROR = new SoraError('usage', WORDS, { hint: `Go on: sora video wait job_1` });
  const say = (ui: Ui): void => {
    ui.note(WORDS);
    ui.warn(WORDS);
    ui.error(ERROR);
  };

  it('is broken at words on a terminal, and a command in it stays whole', () => {
    const terminal = new Captured();
    say(setUp({ stderr: { stream: terminal, isTTY: true, columns: 14 } }).ui);
    expect(terminal.text().split('\n')).toEqual([
      ...['one two three', 'four'],
      ...['warning: one', 'two three four'],
      ...['error: one two', 'three four'],
      ...['hint: Go on:', 'sora video wait job_1', ''],
    ]);
  });

  it('is broken where its words are, not its colours', () => {
    const terminal = new Captured();
    say(setUp({ colored: true, stderr: { stream: terminal, isTTY: true, columns: 14 } }).ui);
    expect(terminal.text()).toContain(`${ESC}[31merror:${ESC}[39m one two\nthree four\n`);
  });

  it.each([
    ['in a pipe', { isTTY: false, columns: 14 }],
    ['on a terminal of which no width is known', { isTTY: true, columns: 0 }],
  ])('is one line %s', (_, sink) => {
    const stream = new Captured();
    say(setUp({ stderr: { stream, ...sink } }).ui);
    expect(stream.text().split('\n')).toHaveLength(5);
  });

  it.each([
    ['of a result is broken under its column, painted or not', true, '  a  {one} two\n     three four\n'],
    ['of a result that can be pasted is left to the terminal', false, '  a  {one} two three four\n'],
  ])('%s', (_, prose, expected) => {
    const stream = new Captured();
    const { ui } = setUp({ colored: true, stdout: { stream, isTTY: true, columns: 15 } });
    ui.result({ json: {}, text: `  a  ${ui.paint.bold('one')} two three four`, prose });
    expect(stream.text()).toBe(expected.replace('{', `${ESC}[1m`).replace('}', `${ESC}[22m`));
  });
});

describe('P7: a result', () => {
  it.each([
    ['text', {}, 'Job job_1 is queued.\n'],
    ['one document', { json: true }, '{\n  "id": "job_1"\n}\n'],
    ['bare ids', { quiet: true }, 'job_1\njob_2\n'],
  ])('is %s on stdout, and nothing on stderr', (_title, options, expected) => {
    const { ui, stdout, stderr } = setUp(options);
    ui.result(RESULT);
    expect([stdout.text(), stderr.text()]).toEqual([expected, '']);
  });

  it.each([
    ['no text', {}, { json: [], text: '' }],
    ['no ids', { quiet: true }, { json: [], text: 'None.' }],
  ])('of %s writes no empty line', (_title, options, result) => {
    const { ui, stdout } = setUp(options);
    ui.result(result);
    expect(stdout.text()).toBe('');
  });

  it('goes to stderr when stdout carries a file', () => {
    const { ui, stdout, stderr } = setUp({ json: true });
    ui.resultToStderr();
    ui.result(RESULT);
    expect([stdout.text(), JSON.parse(stderr.text())]).toEqual(['', { id: 'job_1' }]);
  });
});

describe('P5: a key that the program knows', () => {
  const KEY = 'sk-proj-0123456789abcdef';
  const FORMS = {
    plain: KEY,
    'with something invisible in it': [...KEY].join('\u200b'),
    'with a colour in it': [...KEY].join('\u001b[0m'),
    'for URLs': [...KEY].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
    'in base64': Buffer.from(`Bearer ${KEY}`).toString('base64'),
  };

  it.each(Object.entries(FORMS))('is shown on no way out, %s', async (_title, form) => {
    const text = `before ${'x'.repeat(3970)}${form} after`;
    for (const options of [{}, { json: true }, { quiet: true }, { colored: true }]) {
      const { ui, stdout, stderr } = setUp(options);
      ui.keepSecret(KEY);
      ui.result({
        json: { text, list: [form] },
        text: ui.table(['A'], [[text], [`${'x'.repeat(890)}${form}`]]),
        quiet: [text],
      });
      ui.note(text);
      ui.warn(text);
      ui.event({ text });
      ui.debug(text);
      ui.error(new SoraError('refused', text, { hint: text, requestId: form, jobId: form }));
      for (const task of [await ui.task(text), await ui.task(text)]) {
        task.update(() => text, 0.5);
        task.done(text);
        task.fail(text);
      }
      const shown = `${stdout.text()}${stderr.text()}`;
      expect(shown).toContain('***');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
      const bare = shown.replace(/\u001b\[\d*m|\[0m|\\u001b|[^ -~\n]/g, '');
      for (const trace of [KEY.slice(0, 8), KEY.slice(-8), form.slice(0, 12), form.slice(-12)]) {
        expect(bare.includes(trace) || shown.includes(trace), `${trace} in ${shown}`).toBe(false);
      }
    }
  });

  it('that is short may be an ordinary word, and is left in what the user asked for', () => {
    const { ui, stdout } = setUp();
    ui.keepSecret('test');
    ui.result({ json: {}, text: '/home/joe/test.mp4' });
    expect(stdout.text()).toBe('/home/joe/test.mp4\n');
  });
});

describe('what is said besides', () => {
  const say = (ui: Ui): void => {
    ui.note('a note');
    ui.warn('a warning');
    ui.event({ event: 'progress', progress: 5 });
  };

  it.each([
    ['to people', {}, 'a note\nwarning: a warning\n'],
    ['with --quiet', { quiet: true }, 'warning: a warning\n'],
    ['with --json', { json: true }, '{"warning":"a warning"}\n{"event":"progress","progress":5}\n'],
  ])('%s stands on stderr', (_title, options, expected) => {
    const { ui, stdout, stderr } = setUp(options);
    say(ui);
    expect([stdout.text(), stderr.text()]).toEqual(['', expected]);
  });
});

describe('an error', () => {
  const options = { hint: 'Look.', requestId: 'req_1', jobId: 'job_1' };

  it('is a sentence, a hint and the request’s id', () => {
    const { ui, stderr } = setUp();
    ui.error(new SoraError('refused', 'The host refused it.', options));
    expect(stderr.text()).toBe('error: The host refused it.\nhint: Look.\njob: job_1\nrequest id: req_1\n');
  });

  it.each([
    ['everything that is known', options, { ...options }],
    ['nothing that is not', {}, {}],
    ['every problem of several', { problems: ['a', 'b'] }, { problems: ['a', 'b'] }],
    ['one problem once', { problems: ['a'] }, {}],
  ])('is an envelope on one line with --json: %s', (_title, given, fields) => {
    const { ui, stdout, stderr } = setUp({ json: true });
    ui.error(new SoraError('refused', 'No.', given));
    expect(stdout.text()).toBe('');
    expect(stderr.text().split('\n')).toHaveLength(2);
    expect(stderr.json()).toEqual([
      { error: { code: 'refused', exit: 5, retryable: false, message: 'No.', ...fields } },
    ]);
  });
});

describe('P5: text from servers and files', () => {
  const NASTY = `a${ESC}[2J${ESC}]0;owned\u0007\u009b31m\u202eb\rc`;
  const CLEAN = 'a[2J]0;owned31mb\nc';

  it.each<[string, (ui: Ui) => void]>([
    ['a result', (ui) => ui.result({ json: {}, text: NASTY })],
    ['a note', (ui) => ui.note(NASTY)],
    ['a warning', (ui) => ui.warn(NASTY)],
    ['an error', (ui) => ui.error(new SoraError('bug', NASTY, { hint: NASTY, requestId: NASTY }))],
    ['a line of the wire log', (ui) => ui.debug(NASTY)],
    ['a table', (ui) => ui.result({ json: {}, text: ui.table(['A'], [[NASTY]]) })],
    ['a task', async (ui) => (await ui.task(NASTY)).done(NASTY)],
  ])('cannot steer a terminal in %s', async (_title, say) => {
    const { ui, stdout, stderr } = setUp();
    await say(ui);
    const said = stdout.text() + stderr.text();
    expect(said).toContain(CLEAN.split('\n')[0]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it.each([{ json: true }, { quiet: true }])('cannot steer a terminal with %j', (options) => {
    const { ui, stdout } = setUp(options);
    ui.result({ json: { text: NASTY }, text: '', quiet: [NASTY] });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout.text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    if (options.json) expect(JSON.parse(stdout.text())).toEqual({ text: NASTY });
  });

  it('has no colours of its own when colours are off', () => {
    const { ui, stdout } = setUp();
    ui.result({ json: {}, text: `${ESC}[31mred${ESC}[39m` });
    expect(stdout.text()).toBe('[31mred[39m\n');
  });

  it('cannot hide behind colours when they are on', () => {
    const { ui, stdout } = setUp({ colored: true });
    ui.result({ json: {}, text: `${ui.paint.bold('bold')} ${ESC}[8mhidden${ESC}[5m` });
    expect(stdout.text()).toBe(`${ESC}[1mbold${ESC}[22m [8mhidden[5m\n`);
  });

  it('has no colours but ours when they are on', () => {
    const { ui, stdout } = setUp({ colored: true });
    ui.result({ json: {}, text: `${ui.paint.bold(`a${ESC}[30mb`)} ${ESC}[31mred` });
    expect(stdout.text()).toBe(`${ESC}[1ma[30mb${ESC}[22m [31mred\n`);
  });

  it('is cut where nobody reads on, on stderr and in a cell', () => {
    const long = 'x'.repeat(1_000_000);
    for (const json of [false, true]) {
      const { ui, stderr } = setUp({ json });
      ui.warn(long);
      ui.note(long);
      ui.debug(long);
      ui.error(new SoraError('refused', long, { hint: long, requestId: long, problems: [long, long] }));
      expect(stderr.text().length).toBeLessThan(30_000);
      expect(stderr.text()).toContain('…');
    }
    expect(setUp().ui.table(['A'], [[long]]).length).toBeLessThan(1000);
  });
});

describe('colours', () => {
  it('mark words on a terminal, and only there', () => {
    const on = setUp({ colored: true });
    on.ui.warn('x');
    on.ui.error(new SoraError('bug', 'x', { hint: 'y' }));
    on.ui.result({ json: {}, text: on.ui.paint.bold('Joe') });
    expect(on.stderr.text()).toBe(
      `${ESC}[33mwarning:${ESC}[39m x\n${ESC}[31merror:${ESC}[39m x\n${ESC}[36mhint:${ESC}[39m y\n`,
    );
    expect(on.stdout.text()).toBe(`${ESC}[1mJoe${ESC}[22m\n`);
    const off = setUp();
    off.ui.warn('x');
    off.ui.result({ json: {}, text: off.ui.paint.bold('Joe') });
    expect(off.stdout.text() + off.stderr.text()).toBe('Joe\nwarning: x\n');
  });
});

describe('a table', () => {
  it.each([false, true])('lines up names of any script, with colours: %s', (colored) => {
    const { ui, stdout } = setUp({ colored });
    const head = ['NAME', 'CLIP'].map((cell) => (colored ? `${ESC}[1m${cell}${ESC}[22m` : cell));
    const rows = [
      ['Joe', '1280x720'],
      ['李雷🦊', 'two\nlines'],
      ['Zoe\u0308', ''],
    ];
    ui.result({ json: {}, text: ui.table(['NAME', 'CLIP'], rows) });
    expect(stdout.text().trimEnd().split('\n')).toEqual([
      `${head[0]}    ${head[1]}`,
      'Joe     1280x720',
      '李雷🦊  two lines',
      'Zoe\u0308',
    ]);
  });

  const LONG = [['Joe', 'Joe waves at the sea while the sun goes down, and a dog barks at the gulls that pass by.']];

  it.each([
    ['fits a terminal', true, 40, 40],
    ['is whole in a pipe', false, 40, LONG[0]?.[1]?.length ?? 0],
    ['is whole on a terminal without a width', true, 0, LONG[0]?.[1]?.length ?? 0],
  ])('%s', (_title, isTTY, columns, least) => {
    const { ui } = setUp({ stdout: { stream: new Captured(), isTTY, columns } });
    const [, row = ''] = ui.table(['NAME', 'PROMPT'], LONG, { PROMPT: 6 }).split('\n');
    expect(row.length).toBeGreaterThanOrEqual(least - 1);
    expect(row.endsWith('…')).toBe(least === 40);
    expect(row.startsWith('Joe   Joe waves at the sea')).toBe(true);
  });

  it('is its head when it has no rows', () => {
    expect(setUp().ui.table(['A', 'B'], [])).toBe('A  B');
  });
});

describe('times', () => {
  const NOW = Date.parse('2026-11-21T10:00:00Z');
  const ISO = '2026-11-21T09:57:00.123Z';

  it.each([
    ['on a terminal', true, '3 min ago', `${ISO} (3 min ago)`],
    ['in a pipe', false, '2026-11-21T09:57:00Z', ISO],
  ])('%s are relative: %s', (_title, isTTY, short, long) => {
    const { ui } = setUp({ stdout: { stream: new Captured(), isTTY, columns: 80 }, now: () => NOW });
    expect([ui.time(ISO), ui.date(ISO)]).toEqual([short, long]);
  });

  it('are dates again when the result goes to a stream that is no terminal', () => {
    const { ui } = setUp({ stdout: { stream: new Captured(), isTTY: true, columns: 80 }, now: () => NOW });
    ui.resultToStderr();
    expect(ui.time(ISO)).toBe('2026-11-21T09:57:00Z');
  });
});

describe('a task', () => {
  it('without a terminal is a line at its beginning, at each quarter and at its end', async () => {
    const { ui, stdout, stderr } = setUp();
    const task = await ui.task('Preparing');
    for (const fraction of [0, 0.1, 0.26, 0.3, 0.8, 0.9, 1]) task.update('Preparing', fraction);
    task.update('Preparing');
    task.done('Prepared');
    expect(stderr.text().split('\n')).toEqual(['Preparing', 'Preparing 26%', 'Preparing 80%', 'Prepared', '']);
    expect(stdout.text()).toBe('');
  });

  it('does not say the percentage twice', async () => {
    const { ui, stderr } = setUp();
    const task = await ui.task('Job');
    task.update('Job is running, 50%', 0.5);
    task.fail('Job failed');
    expect(stderr.text()).toBe('Job\nJob is running, 50%\nJob failed\n');
  });

  it.each([{ json: true }, { quiet: true }])('is silent with %j', async (options) => {
    const { ui, stdout, stderr } = setUp({ ...options, animate: true });
    const task = await ui.task('Preparing');
    task.update('Preparing', 0.5);
    task.fail('x');
    task.stop();
    task.done('Prepared');
    expect(stdout.text() + stderr.text()).toBe('');
  });

  it('on a terminal is one line that moves, with a bar, and ends with a mark', async () => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm-256color');
    const terminal = new Terminal();
    const { ui } = setUp({ stderr: { stream: terminal, isTTY: true, columns: 80 }, animate: true });
    const task = await ui.task('Preparing');
    await vi.waitFor(() => expect(terminal.text()).toContain('Preparing'));
    task.update('Preparing', 0.5);
    await vi.waitFor(() => expect(terminal.text()).toMatch(/[^█]█{10}░{10}[^░].*50%/));
    task.done(`Prepared${ESC}[8m`);
    expect(terminal.text()).toMatch(/Prepared\[8m\n/);
  });
});

describe('several tasks on a terminal', () => {
  const onTerminal = (size: { columns?: number; rows?: number } = {}) => {
    vi.stubEnv('CI', undefined);
    vi.stubEnv('TERM', 'xterm-256color');
    const terminal = Object.assign(new Terminal(), size);
    return { terminal, ...setUp({ stderr: { stream: terminal, isTTY: true, columns: 80 }, animate: true }) };
  };
  /** What stands on the screen: the last drawing. */
  const screen = (terminal: Terminal): string[] => {
    const last = terminal.text().split(`${ESC}[?2026h`).at(-1) ?? '';
    return (
      last
        .split(`${ESC}[?2026l`)[0]
        ?.replace(/^\S* ?/, '')
        .split('\n') ?? []
    );
  };

  it('are a line each, with bars of one length, and end above those that go on', async () => {
    const { ui, terminal } = onTerminal();
    const [one, two] = [await ui.task('job_1 queued'), await ui.task('job_2 queued')];
    one?.update('job_1 running', 0.5);
    two?.update('job_2 running, 25% after 3 s', 0.25);
    await vi.waitFor(() => {
      const [first = '', second = ''] = screen(terminal);
      expect(first).toMatch(/█{10}░{10} job_1 running 50%$/);
      expect(second).toBe(`  ${'█'.repeat(5)}${'░'.repeat(15)} job_2 running, 25% after 3 s`);
    });
    one?.done('job_1 one.mp4');
    await vi.waitFor(() => expect(screen(terminal)).toHaveLength(1));
    expect(terminal.text()).toContain('✔ job_1 one.mp4\n');
    two?.fail('job_2 failed');
    two?.stop();
    expect(terminal.text().match(/✖ job_2 failed\n/g)).toHaveLength(1);
  });

  it('tell the time anew, without being told', async () => {
    const { ui, terminal } = onTerminal();
    const task = await ui.task('job_1');
    let seconds = 0;
    task.update(() => `job_1 after ${seconds++} s`);
    await vi.waitFor(() => expect(screen(terminal)[0]).toMatch(/job_1 after [2-9] s/), { timeout: 5000 });
    task.stop();
    expect(terminal.text()).not.toContain('✔');
  });

  it('fit a narrow terminal with the ^C that it may write behind them, with shorter bars and cut texts', async () => {
    const { ui, terminal } = onTerminal({ columns: 30 });
    const task = await ui.task('job_1');
    task.update('job_1 running, 50% after 3 min, 2 to 4 min left', 0.5);
    await vi.waitFor(() => expect(screen(terminal)[0]).toMatch(/^\S? ?█{3}░{2} job_1 running, 50%…$/));
    expect('⠋ '.length + (screen(terminal)[0]?.replace(/^⠋ /, '').length ?? 99) + '^C'.length).toBeLessThan(30);
    task.stop();
  });

  it('are counted where the terminal is too low for them', async () => {
    const { ui, terminal } = onTerminal({ rows: 4 });
    const tasks = await Promise.all(Array.from({ length: 9 }, (_, index) => ui.task(`job_${index}`)));
    await vi.waitFor(() => expect(screen(terminal).slice(1)).toEqual(['  job_1', '  … and 7 more']));
    for (const task of tasks) task.stop();
  });
});

/** As much of a terminal as a spinner asks for. */
class Terminal extends Captured {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
  readonly clearLine = (): boolean => true;
  readonly cursorTo = (): boolean => true;
  readonly moveCursor = (): boolean => true;
  readonly getColorDepth = (): number => 1;
}
