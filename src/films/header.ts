/** Whether the pictures of a take could stand in a film as they are stored, and the header that says how to decode them. */
import { open } from 'node:fs/promises';
import { displayedSize } from '../media/info.ts';
import { place, rateOf } from '../media/plan/frame.ts';
import { colourSteps, encodeSteps, pictureSteps } from '../media/plan/steps.ts';
import { findOtherSize } from '../media/probe/h264-sizes.ts';
import { DEFAULT_CLIP_OPTIONS } from '../shared/clip.ts';
import { readTrack, type Take } from './take.ts';

/**
 * The `avcC` box in hex. Undefined where the pictures have to be encoded: another codec or colours, turned, of a varying
 * rate, hidden by an edit list, or with a beginning that refers to what came before it.
 */
export async function findHeader(take: Take, signal: AbortSignal): Promise<string | undefined> {
  const { path, info, video, timeline } = take;
  const [first = 0] = timeline.times;
  if (!video.fps || video.delay > 0 || first > 0 || timeline.keys[0] !== first) return undefined;
  const shown = displayedSize(video);
  const placement = place(shown, shown, DEFAULT_CLIP_OPTIONS, video.pixelAspect === 1);
  const steps = [
    ...pictureSteps(video, { placement, crop: undefined }, DEFAULT_CLIP_OPTIONS),
    ...colourSteps(video),
    ...encodeSteps(info, rateOf(video.fps), undefined),
  ];
  if (steps.length > 0 || info.container !== 'MPEG-4' || !video.constantRate) return undefined;
  const track = await readTrack(path);
  if (track?.avcC === undefined || track.samples !== timeline.times.length || !hasLongLengths(track.avcC))
    return undefined;
  return (await findOtherSize(path, video, signal)) ? undefined : track.avcC;
}

/** Of the four bytes of length before each unit, which `beginsClosed` reads. */
function hasLongLengths(avcC: string): boolean {
  return (Buffer.from(avcC, 'hex').at(12) ?? 0) % 4 === 3;
}

const IDR = 5;
const LAST_VCL = 5;

/** Whether the first picture of an MP4 file that holds one track of H.264 refers to nothing before it. */
export async function beginsClosed(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(16);
    for (let at = 0; at + 8 <= size; ) {
      await file.read(head, 0, 16, at);
      const small = head.readUInt32BE(0);
      const [length, body] = small === 1 ? [Number(head.readBigUInt64BE(8)), 16] : [small, 8];
      if (head.toString('latin1', 4, 8) === 'mdat') return await firstUnit(file, at + body);
      if (length < 8) return false;
      at += length;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** What stands before the first coded slice is skipped. */
async function firstUnit(file: Awaited<ReturnType<typeof open>>, from: number): Promise<boolean> {
  const unit = Buffer.alloc(5);
  let at = from;
  for (let units = 0; units < 100; units += 1) {
    const { bytesRead } = await file.read(unit, 0, 5, at);
    if (bytesRead < 5) return false;
    const type = unit.readUInt8(4) & 31;
    if (type >= 1 && type <= LAST_VCL) return type === IDR;
    at += 4 + unit.readUInt32BE(0);
  }
  return false;
}
