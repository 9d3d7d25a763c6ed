/** What is known of a video that is looked into or becomes part of a film: its facts, when each picture is shown, its bytes. */
import { open } from 'node:fs/promises';
import type { FfmpegProgram } from '../media/ffmpeg/find.ts';
import { type MediaInfo, type VideoInfo, withTimeline } from '../media/info.ts';
import { findIssues } from '../media/plan/issues.ts';
import { chosenTrack, readContainer } from '../media/probe/container.ts';
import { readTimeline } from '../media/probe/packets.ts';
import { probeMedia } from '../media/probe/probe.ts';
import type { Timeline } from '../media/probe/timeline.ts';
import type { TrackHeader } from '../media/probe/track-header.ts';
import { inspectCommand } from '../shared/clip.ts';
import { problemsError } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';

export interface Take {
  /** Absolute. */
  readonly path: string;
  readonly info: MediaInfo;
  readonly video: VideoInfo;
  /** Of all its pictures. */
  readonly timeline: Timeline;
}

interface Reading {
  readonly ffmpeg: FfmpegProgram;
  readonly signal: AbortSignal;
}

/** Throws `usage` for what is no file, `clip` for what has no picture that can be decoded. */
export async function readTake(path: string, { ffmpeg, signal }: Reading): Promise<Take> {
  const probed = await probeMedia(path, { ffmpeg, signal });
  const known = probed.timeline?.isComplete ? probed.timeline : undefined;
  const timeline = known ?? (await readTimeline(path, { ffmpeg, signal, stream: probed.video?.stream ?? 0 }));
  const info = timeline ? withTimeline(probed, timeline) : probed;
  const issues = findIssues(info, { anyLength: true });
  const { video } = info;
  if (video && timeline && issues.length === 0) return { path, info, video, timeline };
  const reasons = issues.length > 0 ? issues : ['None of its pictures can be read.'];
  throw problemsError(
    'clip',
    reasons.map((reason) => `${oneLine(path)}: ${reason}`),
    { hint: `To see what it is: ${inspectCommand(path)}` },
  );
}

/** What its container says of the track that players show; undefined for other containers than MP4 and Matroska. */
export async function readTrack(path: string): Promise<TrackHeader | undefined> {
  const file = await open(path);
  try {
    const header = await readContainer(file, (await file.stat()).size);
    return header?.tracks[chosenTrack(header)];
  } finally {
    await file.close();
  }
}
