/** `sora video frame`: one picture of a video as a PNG. */
import type { Context } from '../../context.ts';
import { writeStdout } from '../../disk/publish.ts';
import { makeFrame, writeFrame } from '../../films/frame.ts';
import { findVideo } from '../../films/source.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';

export interface FrameFlags {
  readonly video: string;
  readonly at?: number;
  readonly last: boolean;
  readonly output: string;
  readonly force: boolean;
}

/** The first picture unless a time or the last one is asked for. Throws `usage` for both. */
export async function runVideoFrame(context: Context, input: FrameFlags): Promise<undefined> {
  const { ui, runtime } = context;
  const { at = 0, last, output, force } = input;
  if (last && input.at !== undefined)
    throw new SoraError('usage', '--at and --last cannot be used together.', {
      hint: 'Name a time, or take the last picture.',
    });
  if (output === '-' && runtime.stdout.isTTY)
    throw new SoraError('usage', '-o - would write a picture to the terminal.', {
      hint: 'Redirect it: … -o - > frame.png',
    });
  const moment = last ? 'last' : at;
  const path = await findVideo(context, input.video);
  if (output !== '-') {
    const frame = await writeFrame(context, { path, moment, output, force });
    const text = `${frame.path}: ${formatSize(frame)}, at ${frame.seconds} s`;
    ui.result({ json: frame, text, quiet: [frame.path] });
    return;
  }
  const { png, ...frame } = await makeFrame(context, path, moment);
  ui.resultToStderr();
  await writeStdout(runtime.stdout.stream, png);
  ui.result({ json: frame, text: `${formatSize(frame)}, at ${frame.seconds} s` });
}
