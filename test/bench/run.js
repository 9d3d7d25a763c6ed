// `npm run bench`: how long commands take, each against a baseline that ran in turn with it on the same machine. Prints a
// table, writes .bench.json. With --short fewer runs, for CI; with times or waits the half that runs alone, or the
// minute of waiting, which other work does not disturb. Exits 1 when a figure is beyond twice its target.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enlarge, writeCharacters, writeJobs } from './homes.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(root, 'bin', 'sora.js');
const USAGE = join(root, 'test', 'bench', 'usage.js');
const NODE = process.execPath;
/** As in usage.js, which cannot be imported here: it writes when the process ends. */
const START_MS = 3000;
const short = process.argv.includes('--short');
const only = process.argv.find((word) => word === 'times' || word === 'waits');
const work = mkdtempSync(join(tmpdir(), 'sora-bench-'));
const ffmpeg = process.env.SORA_FFMPEG ?? (await import('@ffmpeg-installer/ffmpeg')).default.path;

// As a user's shell has it, without what chooses a host or a home.
const shell = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^SORA_|_API_KEY$|_BASE_URL$|^CI$/.test(name)),
);
const env = (home) => ({ ...shell, SORA_HOME: join(work, home), SORA_FFMPEG: ffmpeg });
const sora = (home, ...args) => ({ command: NODE, args: [BIN, ...args], env: env(home) });
const BARE = { command: NODE, args: ['-e', '0'], env: env('empty') };

/** One run: wall seconds. Throws when the command fails. */
function run({ command, args, env: variables }) {
  const usage = join(work, 'usage.json');
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(command, args, {
    env: { ...variables, SORA_BENCH_USAGE: usage },
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: work,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}: ${stderr}`);
  return seconds;
}

const peakOf = (what) => {
  run({ ...what, args: ['--import', USAGE, ...what.args] });
  return JSON.parse(readFileSync(join(work, 'usage.json'), 'utf8')).maxRSS / 1000;
};

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The two in turn, after one run of each that does not count unless it is the only one; the median of the ratios of neighbours. */
function pair(subject, baseline, runs) {
  const rows = [];
  for (let index = runs === 1 ? 1 : 0; index <= runs; index++) {
    const row = { subject: run(subject.prepare?.() ?? subject), baseline: run(baseline.prepare?.() ?? baseline) };
    if (index > 0) rows.push(row);
  }
  const subjectSeconds = median(rows.map((row) => row.subject));
  const baselineSeconds = median(rows.map((row) => row.baseline));
  const ratio = median(rows.map((row) => row.subject / row.baseline));
  return {
    runs,
    subjectSeconds,
    baselineSeconds,
    ratio,
    extraSeconds: median(rows.map((row) => row.subject - row.baseline)),
  };
}

const results = [];
function report(what, baseline, target, figures, { within, limit }) {
  results.push({ what, baseline, target, within, limit, ...figures });
  process.stderr.write(`${what}: ${JSON.stringify(figures)}\n`);
}

/** A target that is a ratio; `orExtraSeconds` is as good. */
function measure(what, subject, [baselineName, baseline], { most, orExtraSeconds, runs = 10, shortRuns = 7 }) {
  const figures = pair(subject, baseline, short ? shortRuns : runs);
  const extra = orExtraSeconds === undefined ? Number.POSITIVE_INFINITY : figures.extraSeconds / orExtraSeconds;
  const share = Math.min(figures.ratio / most, extra);
  const target = `<= ${most}x${orExtraSeconds === undefined ? '' : ` or + ${orExtraSeconds} s`}`;
  report(what, baselineName, target, figures, { within: share <= 1, limit: share <= 2 });
}

/** Seconds of the processor that a command and its children take. */
function processorSeconds({ command, args, env: variables }) {
  const timed = 'TIMEFORMAT="%U %S"; time "$@" >&2';
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', `{ ${timed}; } 2>&1 | tail -n 1 >&2; exit "\${PIPESTATUS[0]}"`, 'bash', command, ...args],
    {
      ...{ env: variables, stdio: ['ignore', 'ignore', 'pipe'], cwd: work, encoding: 'utf8' },
    },
  );
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} exited ${status}: ${stderr}`);
  return stderr
    .trim()
    .split(' ')
    .reduce((sum, part) => sum + Number(part), 0);
}

/** The same in turn, by the processor instead of the clock. */
function measureProcessor(what, subject, [baselineName, baseline], { most, runs = 3, shortRuns = 1 }) {
  const ratios = Array.from({ length: short ? shortRuns : runs }, () => {
    const [ours, bare] = [subject, baseline].map((one) => processorSeconds(one.prepare?.() ?? one));
    return ours / bare;
  });
  const ratio = median(ratios);
  report(
    what,
    baselineName,
    `<= ${most}x`,
    { runs: ratios.length, ratio },
    { within: ratio <= most, limit: ratio <= 2 * most },
  );
}

/** One run of ffmpeg for a film: every input scaled, padded and joined at once. */
function bareGraph(paths, target) {
  const fit = 'scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:(ow-iw)/2:(oh-ih)/2,setsar=1,fps=24';
  const chains = paths.map((_, index) => `[${index}:v]${fit},format=yuv420p[v${index}]`);
  const joined = `${paths.map((_, index) => `[v${index}][${index}:a]`).join('')}concat=n=${paths.length}:v=1:a=1[v][a]`;
  const encoder = '-c:v libx264 -preset veryfast -crf 15 -g 48 -bf 2 -refs 3 -c:a aac -b:a 192k -movflags +faststart';
  const args = ['-y', '-v', 'error', '-nostdin', ...paths.flatMap((path) => ['-i', path])];
  const graph = ['-filter_complex', [...chains, joined].join(';'), '-map', '[v]', '-map', '[a]'];
  return { command: ffmpeg, args: [...args, ...graph, ...encoder.split(' '), target], env: env('empty') };
}

/** A clip made by ffmpeg; `args` after the inputs. */
function clip(name, ...args) {
  const path = join(work, name);
  run({ command: ffmpeg, args: ['-v', 'error', '-nostdin', '-y', ...args, path], env: env('empty') });
  return path;
}

/** A host of `/v1/videos` whose jobs never end, for as long as `use` runs. */
async function withHost(use) {
  const server = createServer((request, response) => {
    const id = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id,
        object: 'video',
        status: 'in_progress',
        progress: 10,
        model: 'sora-2',
        seconds: '4',
        size: '1280x720',
      }),
    );
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await use(`http://127.0.0.1:${server.address().port}/v1`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What a process used that waited so long for the jobs of its home. */
function waitFor(home, ids, baseUrl, seconds) {
  const usage = join(work, `usage-${home}.json`);
  const args = ['--import', USAGE, BIN, 'video', 'wait', ...ids, '--timeout', `${seconds}s`, '-q'];
  return new Promise((done, fail) => {
    const child = spawn(NODE, args, {
      env: { ...env(home), OPENAI_BASE_URL: baseUrl, SORA_BENCH_USAGE: usage },
      stdio: 'ignore',
      cwd: work,
    });
    child.on('error', fail);
    child.on('exit', (code) => {
      if (code === 8) done(JSON.parse(readFileSync(usage, 'utf8')));
      else fail(new Error(`waiting exited ${code}`));
    });
  });
}

async function times() {
  const bare = ['node -e 0', BARE];
  measure('sora --version', sora('empty', '--version'), bare, { most: 1.35, runs: 20 });
  measure('sora --help', sora('empty', '--help'), bare, { most: 1.35, runs: 20 });

  writeCharacters(join(work, 'cast'), 1000);
  measure('sora character list, 1 000 characters', sora('cast', 'character', 'list'), bare, { most: 1.8, runs: 20 });

  writeJobs(join(work, 'jobs'), 10_000);
  const list = sora('jobs', 'video', 'list');
  measure('sora video list, 10 000 jobs', list, bare, { most: 4 });
  const listMb = peakOf(list);
  report(
    'sora video list, 10 000 jobs: memory',
    'none',
    '<= 150 MB',
    { megabytes: listMb },
    { within: listMb <= 150, limit: listMb <= 300 },
  );

  const out = join(work, 'out.mp4');
  /** A command whose file must not be there yet. */
  const afresh = (command) => ({
    prepare() {
      rmSync(out, { force: true });
      return command;
    },
  });
  const prepare = (source) => afresh(sora('empty', 'clip', 'prepare', source, '-o', out));
  const big = clip(
    'big.mp4',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1920x1080:r=30:d=6',
    '-f',
    'lavfi',
    '-i',
    'sine=d=6',
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  );
  const { command } = JSON.parse(
    spawnSync(NODE, [BIN, 'clip', 'prepare', big, '-o', out, '--dry-run', '--json'], {
      env: env('empty'),
      encoding: 'utf8',
    }).stdout,
  );
  const ffmpegAlone = afresh({ command: 'sh', args: ['-c', command], env: env('empty') });
  measure(
    'clip prepare, a 1080p clip that must be converted',
    prepare(big),
    ['the ffmpeg commands that --dry-run prints', ffmpegAlone],
    { most: 1.4, orExtraSeconds: 0.8, shortRuns: 1 },
  );

  const fit = clip(
    'fit.mp4',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=30:d=3',
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
  );
  measure('clip prepare, a clip that fits', prepare(fit), bare, { most: 8, shortRuns: 3 });

  const small = clip(
    'small.mp4',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=30:d=3',
    '-c:v',
    'libx264',
    '-b:v',
    '5M',
    '-pix_fmt',
    'yuv420p',
  );
  const large = join(work, 'large.mp4');
  copyFileSync(small, large);
  await enlarge(large, 2_000_000_000);
  measure(
    'clip inspect of a 2 GB file',
    sora('empty', 'clip', 'inspect', large),
    ['the same for a 2 MB file', sora('empty', 'clip', 'inspect', small)],
    { most: 1.5, shortRuns: 3 },
  );

  // Of two encoders' settings, so that nothing can be copied.
  const scenes = [0, 1, 2, 3, 4, 5].map((index) =>
    clip(
      ...[`scene-${index}.mp4`, '-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=24:d=${4 + index},noise=alls=3:allf=t`],
      ...['-f', 'lavfi', '-i', `sine=f=${300 + index * 50}`, '-ss', String(index), '-t', '4', '-c:v', 'libx264'],
      ...['-preset', 'veryfast', '-refs', String(1 + (index % 2)), '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    ),
  );
  measureProcessor(
    'video join, six videos of 4 s at 720p: processor',
    {
      prepare() {
        rmSync(join(work, 'film'), { recursive: true, force: true });
        rmSync(out, { force: true });
        return sora('film', 'video', 'join', ...scenes, '-o', out);
      },
    },
    ['one graph of ffmpeg that does the same', bareGraph(scenes, join(work, 'bare.mp4'))],
    { most: 1.3 },
  );
}

async function waits() {
  await withHost(async (baseUrl) => {
    // All are asked at the start and once more after 50 seconds: less would measure the beginning only.
    const seconds = 60;
    const many = writeJobs(join(work, 'many'), 500, { status: 'running', baseUrl });
    const one = writeJobs(join(work, 'one'), 1, { status: 'running', baseUrl });
    // Each tells what it used itself, so they may run side by side.
    const [single, all] = await Promise.all([
      waitFor('one', one, baseUrl, seconds),
      waitFor('many', many, baseUrl, seconds),
    ]);
    const megabytes = (all.maxRSS - single.maxRSS) / 1000;
    const percent = (100 * (all.afterStartMs - single.afterStartMs)) / (seconds * 1000 - START_MS);
    report(
      'waiting for 500 jobs: memory',
      'one job',
      '<= 60 MB more',
      { megabytes },
      { within: megabytes <= 60, limit: megabytes <= 120 },
    );
    report(
      'waiting for 500 jobs: processor',
      'one job',
      '< 5 % of one core',
      { percent },
      { within: percent < 5, limit: percent < 10 },
    );
  });
}

try {
  if (only !== 'waits') await times();
  if (only !== 'times') await waits();
} finally {
  rmSync(work, { recursive: true, force: true });
}

const figure = ({ ratio, extraSeconds, megabytes, percent, target }) => {
  if (megabytes !== undefined) return `${megabytes.toFixed(0)} MB`;
  if (percent !== undefined) return `${percent.toFixed(1)} %`;
  return `${ratio.toFixed(2)}x${target.includes(' s') ? `, + ${extraSeconds.toFixed(2)} s` : ''}`;
};
// Node reads these at each start, which takes as long again as all the rest of it.
const certificates = process.env.NODE_EXTRA_CA_CERTS ? ' with NODE_EXTRA_CA_CERTS' : '';
const machine = `${process.platform} ${process.arch}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}${certificates}`;
const date = new Date().toISOString().slice(0, 10);
const lines = results.map(
  (row) => `| ${row.what} | ${row.baseline} | ${row.target} | ${figure(row)}${row.within ? '' : ' (missed)'} |`,
);
process.stdout.write(
  `${date}, ${machine}\n\n| what | baseline | target | measured |\n|---|---|---|---|\n${lines.join('\n')}\n`,
);
writeFileSync(join(root, '.bench.json'), `${JSON.stringify({ date, machine, short, results }, null, 2)}\n`);
process.exitCode = results.every(({ limit }) => limit) ? 0 : 1;
