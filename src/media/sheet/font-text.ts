/** Text in letters that only a font has, drawn by ffmpeg's drawtext, where both are there. */
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from '../../disk/temporary-folder.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import { throwIfAborted } from '../ffmpeg/process.ts';
import { runProgram } from '../ffmpeg/run-program.ts';
import type { Mask } from './canvas.ts';
import { findFont } from './font-lookup.ts';

export interface TextRequest {
  /** One line. */
  readonly text: string;
  readonly fontFolders: readonly string[];
  readonly ffmpeg: Ffmpeg;
  readonly signal: AbortSignal;
  /** Pixels: of the font, and what the text may take; longer text is made smaller. */
  readonly size: number;
  readonly width: number;
}

/** No build of ffmpeg sets marks where they belong, or joins these letters (tried up to 7.0): wrong is worse than not there. */
const BADLY_SET =
  /\p{M}|\p{Script=Syriac}|\p{Script=Mongolian}|\p{Script=Nko}|\p{Script=Adlam}|\p{Script=Mandaic}|\p{Script=Phags_Pa}/u;
const RIGHT_TO_LEFT = /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Thaana}/u;
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 100_000_000;

/** Undefined where no font here has all its letters, or this build cannot draw them. Throws `interrupted` only. */
export async function renderText({ text, fontFolders, ...request }: TextRequest): Promise<Mask | undefined> {
  const shown = text.normalize('NFC').replace(/\p{Cf}|\ufe0e|\ufe0f/gu, '');
  const font = BADLY_SET.test(shown) ? undefined : await findFont(shown, fontFolders);
  throwIfAborted(request.signal);
  if (font === undefined) return undefined;
  const made = await makeTemporaryFolder('sora-text-').catch(() => undefined);
  if (made === undefined) return undefined;
  const folder = made.path;
  try {
    await writeFile(join(folder, 'text'), shown);
    await symlink(font, join(folder, 'font')).catch(() => copyFile(font, join(folder, 'font')));
    const first = await draw(shown, request.size, { folder, ...request });
    if (!first || first.width <= request.width) return first;
    return await draw(shown, Math.floor((request.size * request.width) / first.width), { folder, ...request });
  } catch {
    throwIfAborted(request.signal);
    return undefined;
  } finally {
    await made.dispose();
  }
}

/** Text and font are files with plain names in the folder that ffmpeg runs in: neither is ever an argument. */
async function draw(
  text: string,
  size: number,
  { folder, ffmpeg, signal }: Pick<TextRequest, 'ffmpeg' | 'signal'> & { folder: string },
): Promise<Mask | undefined> {
  const ground = { width: size * ([...text].length + 2) * 2, height: size * 4 };
  const options = [
    ...['fontfile=font', 'textfile=text', 'expansion=none', `fontsize=${size}`, 'fontcolor=white'],
    ...[`x=${size}`, `y=${size}`],
    // A build that knows no other direction does not know the option either.
    ...(RIGHT_TO_LEFT.test(text) ? ['text_shaping=1'] : []),
  ];
  const args = [
    ...['-hide_banner', '-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'gray', '-s', `${ground.width}x${ground.height}`],
    ...['-i', 'pipe:0', '-filter:v', `drawtext=${options.join(':')},format=gray`, '-frames:v', '1'],
    ...['-f', 'rawvideo', 'pipe:1'],
  ];
  const { failed, stdout } = await runProgram(ffmpeg.path, args, {
    ...{ cwd: folder, signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OUTPUT_BYTES },
    input: new Uint8Array(ground.width * ground.height),
  });
  throwIfAborted(signal);
  return failed || stdout.length < ground.width * ground.height ? undefined : inkOf({ ...ground, data: stdout });
}

/** The part that is not empty. White is 235 to builds before 6, and 255 to later ones. */
function inkOf({ width, height, data }: Mask): Mask | undefined {
  const rows = Array.from({ length: height }, (_, y) => data.subarray(y * width, (y + 1) * width));
  const inked = rows.flatMap((row, y) => (row.some((value) => value > 0) ? [y] : []));
  const [top, bottom] = [inked[0], inked.at(-1)];
  if (top === undefined || bottom === undefined) return undefined;
  const used = rows.slice(top, bottom + 1);
  const left = Math.min(...used.map((row) => row.findIndex((value) => value > 0)).filter((x) => x >= 0));
  const right = Math.max(...used.map((row) => row.findLastIndex((value) => value > 0)));
  const ink = Buffer.concat(used.map((row) => row.subarray(left, right + 1)));
  const most = ink.reduce((a, b) => Math.max(a, b));
  return { width: right + 1 - left, height: used.length, data: ink.map((value) => Math.round((value * 255) / most)) };
}
