/** The elements of Matroska and WebM (RFC 9559) that say how a video track is to be shown. */

import type { Size } from '../../shared/geometry.ts';
import {
  type ContainerHeader,
  type Insets,
  PLAIN_TRACK,
  type ReadAt,
  readDolbyVision,
  type TrackHeader,
  turnedBy,
} from './track-header.ts';

const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
const ID = {
  entry: 0xae,
  type: 0x83,
  enabled: 0xb9,
  chosen: 0x88,
  video: 0xe0,
  width: 0xb0,
  height: 0xba,
  displayWidth: 0x54b0,
  displayHeight: 0x54ba,
  displayUnit: 0x54b2,
  cropLeft: 0x54cc,
  cropTop: 0x54bb,
  cropRight: 0x54dd,
  cropBottom: 0x54aa,
  stereo: 0x53b8,
  alpha: 0x53c0,
  projection: 0x7670,
  projectionType: 0x7671,
  yaw: 0x7673,
  pitch: 0x7674,
  roll: 0x7675,
  encodings: 0x6d80,
  encoding: 0x6240,
  encryption: 0x5035,
  mapping: 0x41e4,
  mappingType: 0x41e7,
  mappingData: 0x41ed,
} as const;

const MAX_HEADER_BYTES = 4 * 1024 * 1024;
const MAX_ELEMENTS = 1000;

/** Throws RangeError for elements that do not hold what they must. */
export async function readMatroska(read: ReadAt, bytes: number): Promise<ContainerHeader> {
  let at = 0;
  for (let count = 0; at < bytes && count < MAX_ELEMENTS; count += 1) {
    const head = await read(at, 12);
    const { id, size, start } = elementAt(head, 0);
    if (id === TRACKS)
      return { tracks: readTracks(await read(at + start, Math.min(size, MAX_HEADER_BYTES))), cut: undefined };
    if (id === CLUSTER) break;
    at += id === SEGMENT ? start : start + size;
  }
  return { tracks: [], cut: undefined };
}

interface Element {
  readonly id: number;
  readonly data: Buffer;
}

/** Where an element's data starts and how long it is; a live recording's unknown size reaches to the end. */
function elementAt(bytes: Buffer, at: number): { id: number; size: number; start: number } {
  const idLength = Math.clz32(bytes.readUInt8(at)) - 23;
  const sizeLength = Math.clz32(bytes.readUInt8(at + idLength)) - 23;
  const start = at + idLength + sizeLength;
  if (idLength > 4 || sizeLength > 8 || start > bytes.length) throw new RangeError('no element');
  let [size, ones] = [bytes.readUInt8(at + idLength) & (255 >> sizeLength), true];
  ones = size === 255 >> sizeLength;
  for (let i = at + idLength + 1; i < start; i += 1) {
    ones = ones && bytes.readUInt8(i) === 255;
    size = size * 256 + bytes.readUInt8(i);
  }
  return { id: bytes.readUIntBE(at, idLength), size: ones ? Number.MAX_SAFE_INTEGER : size, start };
}

function children(parent: Buffer | undefined): Element[] {
  const found: Element[] = [];
  for (let at = 0; parent && at < parent.length; ) {
    const { id, size, start } = elementAt(parent, at);
    found.push({ id, data: parent.subarray(start, Math.min(parent.length, start + size)) });
    at = start + size;
  }
  return found;
}

function find(elements: readonly Element[], id: number): Buffer | undefined {
  return elements.find((element) => element.id === id)?.data;
}

function integer(elements: readonly Element[], id: number): number | undefined {
  const data = find(elements, id);
  return data && (data.length === 0 ? 0 : data.readUIntBE(0, Math.min(6, data.length)));
}

function float(elements: readonly Element[], id: number): number {
  const data = find(elements, id);
  return data?.length === 4 ? data.readFloatBE(0) : data?.length === 8 ? data.readDoubleBE(0) : 0;
}

function readTracks(tracks: Buffer): TrackHeader[] {
  const entries = children(tracks).filter(({ id }) => id === ID.entry);
  const videos = entries.map(({ data }) => children(data)).filter((entry) => integer(entry, ID.type) === 1);
  // Where none is marked, players take the first.
  const isMarked = videos.some((entry) => isOn(entry, ID.chosen) && isOn(entry, ID.enabled));
  return videos.map((entry) => readEntry(entry, isMarked));
}

/** Both flags are on unless they say otherwise. */
function isOn(entry: readonly Element[], id: number): boolean {
  return integer(entry, id) !== 0;
}

function readEntry(entry: readonly Element[], isMarked: boolean): TrackHeader {
  const video = children(find(entry, ID.video));
  const projection = children(find(video, ID.projection));
  const crop: Insets = {
    left: integer(video, ID.cropLeft) ?? 0,
    top: integer(video, ID.cropTop) ?? 0,
    right: integer(video, ID.cropRight) ?? 0,
    bottom: integer(video, ID.cropBottom) ?? 0,
  };
  const isCropped = crop.left + crop.top + crop.right + crop.bottom > 0;
  const encodings = children(find(entry, ID.encodings)).filter(({ id }) => id === ID.encoding);
  const mirrored = Math.abs(float(projection, ID.yaw)) === 180 && float(projection, ID.pitch) === 0;
  return {
    ...PLAIN_TRACK,
    chosen: isOn(entry, ID.enabled) && (!isMarked || isOn(entry, ID.chosen)),
    // Its roll is counter-clockwise.
    turn: { mirrored, rotation: turnedBy(-float(projection, ID.roll)) },
    stored: sizeOf(integer(video, ID.width), integer(video, ID.height)),
    crop: isCropped ? crop : undefined,
    display: displayOf(video),
    stereo: STEREO[integer(video, ID.stereo) ?? 0],
    projection: PROJECTIONS[integer(projection, ID.projectionType) ?? 0],
    dolbyVision: dolbyVisionOf(entry),
    alpha: integer(video, ID.alpha) === 1,
    encrypted: encodings.some(({ data }) => find(children(data), ID.encryption) !== undefined),
  };
}

/** Undefined where the unit is unknown, or only one side is given. */
function displayOf(video: readonly Element[]): Size | undefined {
  const isKnown = (integer(video, ID.displayUnit) ?? 0) < 4;
  return isKnown ? sizeOf(integer(video, ID.displayWidth), integer(video, ID.displayHeight)) : undefined;
}

function sizeOf(width: number | undefined, height: number | undefined): Size | undefined {
  return width && height ? { width, height } : undefined;
}

const EYES = 'two eyes';
/** StereoMode, RFC 9559 section 5.1.4.1.28.3, in ffmpeg's words. */
const STEREO: readonly (string | undefined)[] = [
  undefined,
  'side by side',
  'top and bottom',
  'top and bottom',
  ...['checkerboard', 'checkerboard', 'interleaved lines', 'interleaved lines'],
  ...['interleaved columns', 'interleaved columns', 'anaglyph', 'side by side', 'anaglyph', EYES, EYES],
];

const PROJECTIONS: readonly (string | undefined)[] = [undefined, 'equirectangular', 'cubemap', 'mesh'];

function dolbyVisionOf(entry: readonly Element[]): TrackHeader['dolbyVision'] {
  const mappings = entry.filter(({ id }) => id === ID.mapping).map(({ data }) => children(data));
  const records = [0x64766343, 0x64767643].map((kind) =>
    mappings.find((found) => integer(found, ID.mappingType) === kind),
  );
  const record = records.map((found) => found && find(found, ID.mappingData)).find((data) => data !== undefined);
  return record && readDolbyVision(record);
}
