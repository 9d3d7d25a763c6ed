/** ffmpeg for tests: the one that is tested, the one that makes clips, and what they say about a file. */
import { spawn } from 'node:child_process';
import installer from '@ffmpeg-installer/ffmpeg';
import { type Run, runOnce } from './kept.ts';

/** A fixed build (2018), so that the sources of tests are the same wherever they run. */
export const makerPath: string = installer.path;

/** The ffmpeg under test. */
export const ffmpegPath: string = process.env.SORA_FFMPEG || makerPath;

/** Runs ffmpeg and rejects with its own words when it fails. */
export async function run(args: readonly string[], options: { path?: string; input?: Uint8Array } = {}): Promise<Run> {
  const result = await tryRun(args, options);
  if (result.code !== 0) throw new Error(`ffmpeg ${args.join(' ')}\n${result.stderr}`);
  return result;
}

/** The same, with the exit code as a value. What the maker makes and reads is kept: the same arguments and the same input are not run again. */
export function tryRun(
  args: readonly string[],
  { path = ffmpegPath, input }: { path?: string; input?: Uint8Array } = {},
): Promise<Run> {
  const start = (): Promise<Run> => spawnFfmpeg(path, args, input);
  return path === makerPath ? runOnce({ program: path, args, input }, start) : start();
}

function spawnFfmpeg(path: string, args: readonly string[], input: Uint8Array | undefined): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, ['-hide_banner', '-y', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // ffmpeg may close its end before it has read a whole picture.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

/** Arguments without spaces in them, as one line. */
export function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

export interface Decoded {
  /** A checksum of every frame of the picture, in order. */
  readonly frames: readonly string[];
  /** ffmpeg's complaints, picture and sound; empty for a sound file. */
  readonly complaints: string;
}

/** Decodes the whole file once. */
export async function decode(path: string): Promise<Decoded> {
  const outputs = words('-map 0:v:0 -f framecrc - -map 0:a? -f null -');
  const { stdout, stderr } = await tryRun([...words('-v error -err_detect explode -i'), path, ...outputs]);
  return { frames: sumColumn(stdout), complaints: stderr.trim() };
}

/** A hash of every packet of the first sound track, as stored; none when there is no sound. */
export async function soundPackets(path: string): Promise<readonly string[]> {
  const { stdout } = await tryRun(['-v', 'error', '-i', path, ...words('-vn -c copy -f framemd5 -')]);
  return sumColumn(stdout);
}

/** What `framecrc` or `framemd5` print of each frame or packet, at the end of its line. */
function sumColumn(printed: Buffer): string[] {
  const lines = printed.toString().split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/** Decoded sound: mono, 16 bit, 48 kHz. */
export async function readSound(path: string): Promise<Int16Array> {
  const { stdout } = await run(['-v', 'error', '-i', path, ...words('-map 0:a:0 -ac 1 -ar 48000 -f s16le -')]);
  return new Int16Array(
    stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length - (stdout.length % 2)),
  );
}

/** The pitch of a steady tone in Hz, by its zero crossings. */
export function pitchOf(samples: Int16Array): number {
  const middle = samples.subarray(samples.length >> 2, (samples.length * 3) >> 2);
  let crossings = 0;
  for (let i = 1; i < middle.length; i += 1) {
    if ((middle[i - 1] ?? 0) < 0 && (middle[i] ?? 0) >= 0) crossings += 1;
  }
  return (crossings * 48_000) / middle.length;
}
