/** Clips that flash and beep at the same time, and whether they still do. */
import { join } from 'node:path';
import type { Prepared } from '../../src/media/prepare.ts';
import type { ClipOptions } from '../../src/shared/clip.ts';
import type { Build } from './builds.ts';
import { makerPath, run, words } from './ffmpeg.ts';
import { cachedFfmpeg } from './ffmpeg-cache.ts';
import { readMp4 } from './mp4.ts';
import { prepare } from './prepare.ts';

/** A graph of filters: a grey picture that is white for the first tenth of each second from the first one on. */
function flashes(size: string): string {
  const when = 'gte(t\\,0.99)*lt(mod(t+0.001\\,1)\\,0.1)';
  return `color=gray:s=${size}:r=25,drawbox=c=white:t=fill:enable='${when}',format=yuv420p`;
}

/** 1 kHz at half of full scale in the same moments: an expression of time for `aevalsrc`, at this share of it. */
export function beep(level = 0.5): string {
  return `${level}*sin(2*PI*1000*t)*gte(t\\,0.9999)*lt(mod(t+0.00001\\,1)\\,0.1)`;
}

/** `layout` of channels, each an expression of time. */
export function sound(layout: string, channels: readonly string[], rate = 48_000): string {
  return `aevalsrc=exprs='${channels.join('|')}':s=${rate}:c=${layout}`;
}

const X264 = words('-c:v libx264 -preset ultrafast -crf 30');

/** Long enough for two flashes. */
export const BEEPS_SECONDS = 2.2;

interface Beeps {
  readonly seconds?: number;
  readonly size?: string;
  /** A graph for each track. */
  readonly sounds: readonly string[];
  /** Of the sound, or of each track, where that differs from the picture's: how long, and how late it begins. */
  readonly lasts?: number;
  readonly late?: number;
  /** Codecs and dispositions. */
  readonly audio: string;
}

/** A clip of flashes and beeps. The sound of one that is late is still in step with the picture. */
export async function makeBeeps(
  path: string,
  { seconds = BEEPS_SECONDS, size = '320x180', sounds, lasts = seconds, late = 0, audio }: Beeps,
): Promise<string> {
  const picture = ['-f', 'lavfi', '-t', String(seconds), '-i', flashes(size)];
  const cut = (graph: string): string => `${graph},atrim=start=${late},asetpts=PTS-STARTPTS`;
  const inputs = sounds.flatMap((graph) => words(`-itsoffset ${late} -f lavfi -t ${lasts} -i`).concat(cut(graph)));
  const maps = [...['-map', '0:v'], ...sounds.flatMap((_, index) => ['-map', `${index + 1}:a`])];
  await run(['-v', 'error', ...picture, ...inputs, ...maps, ...X264, ...words(audio), path], { path: makerPath });
  return path;
}

/** Sound alone: `seconds` of a graph from `from` on, encoded as the file's name says or these options do. */
export async function makeSound(
  path: string,
  graph: string,
  { from = 0, seconds, options = '' }: { from?: number; seconds: number; options?: string },
): Promise<string> {
  const cut = `${graph},atrim=start=${from}:end=${from + seconds},asetpts=N/SR/TB`;
  await run(['-v', 'error', '-f', 'lavfi', '-i', cut, ...words(options), path], { path: makerPath });
  return path;
}

/** Flashes beside packets of sound from another file. */
export async function withSound(
  path: string,
  from: string,
  { seconds, options = '' }: { seconds: number; options?: string },
): Promise<string> {
  const picture = ['-f', 'lavfi', '-t', String(seconds), '-i', flashes('320x180')];
  const copied = words(`-map 0:v -map 1:a -c:a copy ${options}`);
  await run(['-v', 'error', ...picture, '-i', from, ...X264, ...copied, path], { path: makerPath });
  return path;
}

export interface Beaten {
  /** When flashes and beeps begin, in seconds. */
  readonly flashes: readonly number[];
  readonly beeps: readonly number[];
  /** Of each tenth of a second, 0 to 1, by channel. */
  readonly peaks: readonly (readonly number[])[];
  readonly channels: number;
  /** Of the picture and of the sound. */
  readonly seconds: number;
  readonly soundSeconds: number;
}

const RATE = 48_000;

/** As a player shows and plays it. */
export async function measureBeeps(path: string, fps = 25): Promise<Beaten> {
  const light = await run(
    [...words('-v error -i'), path, ...words('-map 0:v -vf scale=1:1 -pix_fmt gray -f rawvideo -')],
    {
      path: makerPath,
    },
  );
  const bright = [...light.stdout].map((value) => value > 180);
  const channels = (await readMp4(path)).tracks.find(({ kind }) => kind === 'soun')?.channels ?? 0;
  const samples = channels === 0 ? [] : await readChannels(path, channels);
  const length = samples[0]?.length ?? 0;
  const beeps: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < length; at += 48) {
    if (Math.max(...samples.map((one) => peakOf(one, at, at + 48))) < 0.08) continue;
    if (at - lastLoud > RATE / 5) beeps.push(at / RATE);
    lastLoud = at;
  }
  const tenth = RATE / 10;
  return {
    flashes: bright.flatMap((on, frame) => (on && !bright[frame - 1] ? [frame / fps] : [])),
    beeps,
    peaks: samples.map((one) =>
      Array.from({ length: Math.ceil(length / tenth) }, (_, n) => peakOf(one, n * tenth, (n + 1) * tenth)),
    ),
    channels,
    seconds: bright.length / fps,
    soundSeconds: length / RATE,
  };
}

async function readChannels(path: string, channels: number): Promise<Float32Array[]> {
  const decode = words(`-map 0:a:0 -af aresample=async=1:first_pts=0 -ac ${channels} -ar ${RATE} -f f32le -`);
  const { stdout } = await run(['-v', 'error', '-i', path, ...decode], { path: makerPath });
  const all = new Float32Array(new Uint8Array(stdout).buffer, 0, Math.floor(stdout.length / 4));
  const found = Array.from({ length: channels }, () => new Float32Array(Math.floor(all.length / channels)));
  for (const [channel, one] of found.entries())
    for (let at = 0; at < one.length; at += 1) one[at] = all[at * channels + channel] ?? 0;
  return found;
}

function peakOf(samples: Float32Array, from: number, to: number): number {
  let peak = 0;
  for (let at = from; at < Math.min(to, samples.length); at += 1) peak = Math.max(peak, Math.abs(samples[at] ?? 0));
  return peak;
}

/** The whole way of a clip with this build, whose picture is encoded quickly; throws as the commands do. */
export async function prepareWith(
  build: Build,
  source: string,
  options: Partial<ClipOptions> = {},
): Promise<Prepared & { readonly path: string; readonly beaten: Beaten }> {
  const path = join(source, '..', `master-${Math.random().toString(36).slice(2)}.mp4`);
  const prepared = await prepare(source, path, options, cachedFfmpeg(build.path));
  return { ...prepared, path, beaten: await measureBeeps(path, prepared.clip.fps) };
}
