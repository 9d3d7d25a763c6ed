/** Why a clip has to be converted: one step for every difference between it and what hosts take. Pure. */

import type { ClipOptions } from '../../shared/clip.ts';
import { formatSize, type Rect, type Size } from '../../shared/geometry.ts';
import { option } from '../../shared/options.ts';
import { counted, formatBytes } from '../../shared/text.ts';
import { displayedSize, type MediaInfo, shownSize, type VideoInfo } from '../info.ts';
import { MAX_BYTES } from '../limits.ts';
import { frameRate } from '../probe/timeline.ts';
import { hasWideGamut, inputMatrix } from './colour.ts';
import { fpsOf, type Placement, type Rate } from './frame.ts';

/** What is done, why, and what comes out of it: three phrases for people. */
export interface PlanStep {
  readonly do: string;
  readonly because: string;
  readonly detail: string;
}

/** At most three decimals. */
export function round(value: number): number {
  return Number(value.toFixed(3));
}

export function plural(count: number, noun: string): string {
  return `${counted(count, `more ${noun}`)}`;
}

export function pictureSteps(
  video: VideoInfo,
  { placement, crop }: { placement: Placement; crop: Rect | undefined },
  options: ClipOptions,
): PlanStep[] {
  const { box, picture } = placement;
  const shown = shownSize(video, crop);
  const steps: PlanStep[] = [];
  if (video.scan !== 'progressive')
    steps.push({
      do: 'deinterlace',
      because: video.scan === 'mixed' ? 'some frames may be interlaced' : 'it is interlaced',
      detail: 'whole frames',
    });
  if (video.window) steps.push(windowStep(video, video.window));
  if (video.mirrored) steps.push({ do: 'mirror', because: 'a flag mirrors it', detail: 'stored as it is shown' });
  if (video.rotation !== 0)
    steps.push({ do: 'rotate', because: `a flag turns it by ${video.rotation} degrees`, detail: 'stored upright' });
  if (video.pixelAspect !== 1)
    steps.push({
      do: 'square pixels',
      because: `its pixels have a ratio of ${round(video.pixelAspect)}:1`,
      detail: `${formatSize(displayedSize(video))} as shown`,
    });
  if (video.alpha)
    steps.push({
      do: 'flatten',
      because: video.codec === 'GIF' || video.codec === 'ProRes' ? 'it may have transparency' : 'it has transparency',
      detail: 'on black',
    });
  if (crop)
    steps.push({
      do: 'crop bars',
      because: `${formatSize(displayedSize(video))} has black bars in it`,
      detail: `the picture between them, ${formatSize(shown)}`,
    });
  if (picture.width !== shown.width || picture.height !== shown.height)
    steps.push({ do: 'scale', because: scaleReason(placement, options, shown), detail: formatSize(picture) });
  if (placement.mode !== 'exact')
    steps.push({
      do: placement.mode,
      because: `${formatSize(picture)} is not ${formatSize(box)}`,
      detail:
        placement.mode === 'pad' ? `centred on black, ${formatSize(box)}` : `${keptPart(options)}, ${formatSize(box)}`,
    });
  return steps;
}

function keptPart({ focus }: ClipOptions): string {
  if (!focus) return 'its middle';
  const [across, down] = [focus.x, focus.y].map((share) => `${Math.round(share * 100)} %`);
  return `what is around ${across} from the left and ${down} from the top`;
}

function windowStep({ stereo }: VideoInfo, window: Rect): PlanStep {
  const detail = `${formatSize(window)} of what is stored`;
  if (stereo === undefined) return { do: 'crop', because: 'its header says that its margins are not shown', detail };
  const eye = stereo === 'side by side' ? 'the left one' : 'the upper one';
  return { do: 'take one eye', because: `it is 3D (${stereo})`, detail: `${eye}, ${detail}` };
}

function scaleReason({ box, picture }: Placement, options: ClipOptions, shown: Size): string {
  if (options.resolution !== 'auto') return `${option('resolution')} ${options.resolution} was given`;
  if (options.fit === 'crop') return `${formatSize(shown)} has to fill ${formatSize(box)}`;
  if (shown.width > box.width || shown.height > box.height)
    return `${formatSize(shown)} is larger than ${formatSize(box)}`;
  if (picture.width > shown.width + 2) return `${formatSize(shown)} is smaller than ${formatSize(box)}`;
  return 'sides have to be even';
}

export function colourSteps(video: VideoInfo): PlanStep[] {
  if (video.hdr)
    return [{ do: 'tone-map', because: `it is HDR (${video.hdr})`, detail: 'BT.709, standard dynamic range' }];
  const odd = [
    video.rgb && 'RGB',
    !video.rgb && inputMatrix(video) !== 'bt709' && (video.matrix ?? 'BT.601 (untagged, standard definition)'),
    hasWideGamut(video) && `${video.primaries} primaries`,
    !hasWideGamut(video) && isOther(video.primaries) && `${video.primaries} primaries`,
    isOther(video.transfer) && `${video.transfer} transfer`,
    video.range === 'full' && 'full range',
  ].filter((part) => typeof part === 'string');
  if (odd.length === 0) return [];
  return [{ do: 'convert colours', because: [...new Set(odd)].join(', '), detail: 'BT.709, limited range' }];
}

function isOther(tag: string | undefined): boolean {
  return tag !== undefined && tag !== 'BT.709';
}

export function encodeSteps(info: MediaInfo, rate: Rate, otherSize: Size | undefined): PlanStep[] {
  const { video } = info;
  if (!video) return [];
  const reasons = [
    video.codec !== 'H.264' && `${video.codec} is not H.264`,
    video.bitDepth !== 8 && `${video.bitDepth} bit is not 8 bit`,
    !video.rgb && video.chroma !== undefined && video.chroma !== '4:2:0' && `chroma ${video.chroma} is not 4:2:0`,
    info.bytes > MAX_BYTES && `${formatBytes(info.bytes)} is more than ${formatBytes(MAX_BYTES)}`,
    video.codec === 'H.264' && copyProblem(info, rate),
    otherSize && `its picture changes its size midway, to ${formatSize(otherSize)}`,
  ].filter((part) => typeof part === 'string');
  return reasons.length === 0
    ? []
    : [{ do: 'encode video', because: reasons.join(', '), detail: 'H.264, 8 bit, 4:2:0' }];
}

/** Why a copy of it would not be an MP4 of constant rate that holds what is shown and nothing else; undefined when it would. */
function copyProblem({ container, timeline }: MediaInfo, rate: Rate): string | undefined {
  const isMatroska = container === 'Matroska' || container === 'WebM';
  if (container !== 'MPEG-4' && !isMatroska) return `it is ${container}, not MP4`;
  if (timeline && timeline.hidden > 0) return `${timeline.hidden} of its frames are hidden by an edit list`;
  if (timeline && timeline.leading > 0) return `${timeline.leading} of its frames come before the first keyframe`;
  // Without the time stamps, by what Matroska does to them.
  const wholeMilliseconds = Number.isInteger((rate.den * 1000) / rate.num);
  const measured = timeline && frameRate(timeline);
  if (measured ? !measured.constant || measured.exact : !isMatroska || wholeMilliseconds) return undefined;
  const unit = timeline ? `${Number((timeline.tick * 1000).toFixed(3))} ms` : 'milliseconds';
  return `${container} rounds the times of ${round(fpsOf(rate))} fps to ${unit}`;
}
