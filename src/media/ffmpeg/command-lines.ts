/** What is run for a plan, as a person can paste it into a shell. Pure. */
import { shellQuote } from '../../shared/text.ts';
import { type FfmpegArgsInput, ffmpegArgs } from './arguments.ts';
import type { FfmpegProgram } from './find.ts';
import { longerSoundPart, soundArgs, soundPart } from './sound.ts';

export interface CommandLines {
  /** An encode decodes its sound first, into a file beside the clip that goes again. */
  readonly command: string;
  /** The same where the first finds no sound in the part: decoded from further before it. Undefined where it would not differ. */
  readonly soundRetry: string | undefined;
}

/** What is run for a plan, as a POSIX shell reads it, ready to paste, also twice. Throws TypeError for a rejected plan. */
export function commandLines(ffmpeg: FfmpegProgram, input: FfmpegArgsInput, { force = false } = {}): CommandLines {
  const sound = soundPart(input);
  const encode = [ffmpeg.path, ...(force ? ['-y'] : []), ...ffmpegArgs(input)];
  const line = (part: typeof sound): string => {
    const runs = part ? [[ffmpeg.path, '-y', ...soundArgs(part)], encode, ['rm', '--', part.outputPath]] : [encode];
    return runs.map((words) => words.map(shellQuote).join(' ')).join(' && ');
  };
  const longer = sound && longerSoundPart(sound);
  return { command: line(sound), soundRetry: longer && line(longer) };
}
