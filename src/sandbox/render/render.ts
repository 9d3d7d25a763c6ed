/** Draws a scene and lets ffmpeg (any version from 4 on) set it in motion, whole files only. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Canvas } from './canvas.ts';
import { drawScene, type Scene, type SceneRequest } from './scene.ts';

const FPS = 24;

export type PictureType = 'png' | 'jpeg' | 'webp';

export interface VideoPlan {
  readonly scene: SceneRequest;
  /** Paths of the characters' clips, in the order of `scene.names`. */
  readonly clips: readonly string[];
  /** Replaces the drawn backdrop; exactly as large as the video. */
  readonly picture?: { readonly path: string; readonly type: PictureType };
  /** What a broken model makes of it. */
  readonly shows?: 'noise' | 'frozen';
}

export interface RenderOptions {
  /** Path of ffmpeg. */
  readonly ffmpeg: string;
  /** A folder for unfinished files, on the same disk as the targets. */
  readonly workDir: string;
  /** The whole environment of the child; without it the child inherits ours. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Each method writes one file, atomically, and throws RenderError with ffmpeg's last words. One runs at a time. */
export interface Renderer {
  video(plan: VideoPlan, target: string): Promise<void>;
  /** A picture from the middle of the video, WebP. */
  thumbnail(video: string, seconds: number, target: string): Promise<void>;
  /** Sixteen frames in four rows, JPEG. */
  spritesheet(video: string, seconds: number, target: string): Promise<void>;
  /** Kills what runs and waits until it is gone. */
  close(): Promise<void>;
}

export class RenderError extends Error {
  override readonly name = 'RenderError';
}

export function createRenderer(options: RenderOptions): Renderer {
  const stop = new AbortController();
  let tail: Promise<unknown> = Promise.resolve();
  // A queue, because several encoders at once only slow each other down and take memory.
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = tail.then(work);
    tail = turn.catch(() => {});
    return turn;
  };

  /** Runs ffmpeg in a folder of its own and moves what it made to the target. */
  const produce = (target: string, suffix: string, argsFor: (dir: string) => Promise<readonly string[]>) =>
    inTurn(async () => {
      const dir = join(options.workDir, randomUUID());
      await mkdir(dir, { recursive: true, mode: 0o700 });
      try {
        const output = join(dir, `output.${suffix}`);
        const args = [...BEFORE, ...(await argsFor(dir)), ...BITEXACT, `file:${output}`];
        await runFfmpeg(options, args, stop.signal);
        await rename(output, target);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });

  return {
    video: (plan, target) =>
      produce(target, 'mp4', async (dir) => {
        const scene = drawScene(plan.scene, { isOverPicture: plan.picture !== undefined });
        return videoArgs(plan, scene, await writeCanvases(scene, dir));
      }),
    thumbnail: (video, seconds, target) =>
      produce(target, 'webp', async () => [
        ...['-ss', String(seconds / 2), '-i', `file:${video}`, '-frames:v', '1'],
        ...['-c:v', 'libwebp', '-quality', '82', '-f', 'webp'],
      ]),
    spritesheet: (video, seconds, target) =>
      produce(target, 'jpg', async () => [
        ...['-i', `file:${video}`, '-frames:v', '1'],
        ...['-vf', `fps=16/${seconds},scale=iw/4:-2,tile=4x4:nb_frames=16,format=yuvj420p`],
        ...['-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2', '-update', '1'],
      ]),
    async close() {
      stop.abort();
      await tail;
    },
  };
}

// Uploads are somebody else's files: nothing but local files may be opened on their behalf.
const BEFORE = ['-hide_banner', '-nostdin', '-v', 'error', '-y', '-protocol_whitelist', 'file'] as const;
const BITEXACT = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'] as const;
const FORMATS: Readonly<Record<PictureType, string>> = { png: 'png_pipe', jpeg: 'jpeg_pipe', webp: 'webp_pipe' };

async function writeCanvases(scene: Scene, dir: string): Promise<(canvas: Canvas) => readonly string[]> {
  const sprites = [scene.strip, ...scene.added, ...scene.drifting, ...scene.cards];
  const canvases = [scene.backdrop, ...sprites.map(({ canvas }) => canvas)];
  const pathOf = (canvas: Canvas): string => join(dir, `${canvases.indexOf(canvas)}.rgba`);
  for (const canvas of canvases) await writeFile(pathOf(canvas), canvas.data, { mode: 0o600 });
  return (canvas) => [
    ...['-f', 'rawvideo', '-pixel_format', 'rgba', '-video_size', `${canvas.width}x${canvas.height}`],
    ...['-framerate', String(FPS), '-i', `file:${pathOf(canvas)}`],
  ];
}

/** Pure. The whole command but the output's name; deterministic for one build of ffmpeg. */
function videoArgs(plan: VideoPlan, scene: Scene, input: (canvas: Canvas) => readonly string[]): readonly string[] {
  const { width, height, seconds } = plan.scene;
  const inputs: string[] = [];
  const steps: string[] = [];
  let count = 0;
  const add = (args: readonly string[], chain: string): string => {
    if (count > 0) inputs.push('-protocol_whitelist', 'file');
    inputs.push(...args);
    steps.push(`[${count}:v]${chain}[in${count}]`);
    return `[in${count++}]`;
  };
  const still = (canvas: Canvas, format: string): string => add(input(canvas), `${TO_BT709},format=${format}`);
  const over = (below: string, above: string, at: { x: string; y: string; to: string; after?: string }): string => {
    steps.push(`${below}${above}overlay=x='${at.x}':y='${at.y}'${at.after ?? ''}[${at.to}]`);
    return `[${at.to}]`;
  };

  const { picture, shows } = plan;
  const backdrop = picture
    ? add(
        ['-f', FORMATS[picture.type], '-framerate', String(FPS), '-i', `file:${picture.path}`],
        `scale=${width}:${height}:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p`,
      )
    : still(scene.backdrop, 'yuv420p');
  // The still parts are laid together once, and the result is repeated: that halves the time.
  const strip = still(scene.strip.canvas, 'yuva420p');
  let picked = over(backdrop, strip, { ...scene.strip, to: 'base', after: `,loop=loop=-1:size=1:start=0,${RETIME}` });
  scene.drifting.forEach((sprite, index) => {
    picked = over(picked, still(sprite.canvas, 'yuva420p'), { ...sprite, to: `drift${index}` });
  });
  scene.cards.forEach((card, index) => {
    const { window } = card;
    // No regard to the clip's own ratio: the real host stretches, and a mistake should be seen here first.
    const clip = add(
      ['-f', 'mov', '-i', `file:${plan.clips[index]}`],
      `fps=${FPS},scale=${window.width}:${window.height},setsar=1,format=yuv420p,loop=loop=-1:size=${FPS * 5}:start=0,${RETIME}`,
    );
    const at = { x: `${window.x}+${card.x}`, y: `${window.y}+${card.y}` };
    picked = over(picked, clip, { ...at, to: `clip${index}` });
    picked = over(picked, still(card.canvas, 'yuva420p'), { ...card, to: `card${index}` });
  });
  // Not before the rest: they are laid over what goes on below them.
  scene.added.forEach((sprite, index) => {
    const after = `:enable='gte(t,${sprite.from})'`;
    picked = over(picked, still(sprite.canvas, 'yuva420p'), { ...sprite, after, to: `added${index}` });
  });
  if (shows) {
    steps.push(`${picked}${SPOILS[shows](plan.scene)}[spoiled]`);
    picked = '[spoiled]';
  }
  const tones = scene.chord.map((hertz) => `sin(2*PI*${hertz}*t)`).join('+');
  const audible = seconds - 0.05;
  const fades = `afade=t=in:d=0.4,afade=t=out:st=${audible - 0.5}:d=0.5`;
  return [
    ...inputs,
    ...['-f', 'lavfi', '-i', `aevalsrc=exprs='0.02*(${tones})':s=48000:d=${audible},${fades}`],
    ...['-filter_complex', steps.join(';'), '-map', picked, '-map', `${count}:a`],
    ...['-frames:v', String(seconds * FPS), '-r', String(FPS)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '23', '-pix_fmt', 'yuv420p', '-threads', '2'],
    ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'],
    ...['-c:a', 'aac', '-b:a', '96k', '-ac', '2', '-flags:a', '+bitexact', '-movflags', '+faststart', '-f', 'mp4'],
  ];
}

/** What is done to good pictures. */
const SPOILS = {
  // In blocks, as of latents that were never denoised; at every pixel it would be a file of 100 MB.
  noise: ({ width, height }) =>
    `scale=${Math.ceil(width / 16) * 2}:${Math.ceil(height / 16) * 2},lutyuv=y=128:u=128:v=128,noise=alls=100:allf=t,scale=${width}:${height}:flags=neighbor`,
  frozen: ({ seconds }) => `loop=loop=-1:size=1:start=${Math.floor((seconds * FPS) / 2)},${RETIME}`,
} as const satisfies Record<NonNullable<VideoPlan['shows']>, (scene: SceneRequest) => string>;

const TO_BT709 = 'scale=out_color_matrix=bt709:out_range=tv';
const RETIME = `setpts=N/(${FPS}*TB)`;

async function runFfmpeg(options: RenderOptions, args: readonly string[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new RenderError('The sandbox was closed.');
  const { execa } = await import('execa');
  const result = await execa(options.ffmpeg, args, {
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    maxBuffer: 100_000,
    // A hang, and not a busy machine: a render takes a second.
    timeout: 1_800_000,
    cancelSignal: signal,
    forceKillAfterDelay: 1000,
    ...(options.env ? { env: options.env, extendEnv: false } : {}),
  });
  if (result.isCanceled) throw new RenderError('The sandbox was closed.');
  if (result.failed) {
    const words = typeof result.stderr === 'string' ? result.stderr.trim().split('\n').slice(-2).join(' ') : '';
    throw new RenderError(`ffmpeg could not render: ${words || result.shortMessage}`);
  }
}
