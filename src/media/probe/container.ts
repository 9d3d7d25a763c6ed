/** Reads what the headers of MP4 and Matroska say of their video tracks beyond what MediaInfo reports. */
import type { FileHandle } from 'node:fs/promises';
import { readMatroska } from './matroska.ts';
import { readMp4 } from './mp4.ts';
import type { ContainerHeader, ReadAt } from './track-header.ts';

/** Undefined for other containers, and for headers that do not hold together. */
export async function readContainer(file: FileHandle, bytes: number): Promise<ContainerHeader | undefined> {
  const read: ReadAt = async (offset, length) => {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, bytes - offset)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  };
  const head = await read(0, 12);
  if (head.length < 12) return undefined;
  try {
    if (head.readUInt32BE(0) === 0x1a45dfa3) return await readMatroska(read, bytes);
    if (/^(?:ftyp|moov|mdat|free|skip|wide|pnot|styp)$/.test(head.toString('latin1', 4, 8)))
      return await readMp4(read, bytes);
  } catch (error) {
    // A header that says more than there is.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** The `n` of ffmpeg's `0:V:n`: the first that players show, or the first at all. */
export function chosenTrack(header: ContainerHeader | undefined): number {
  return Math.max(0, header?.tracks.findIndex(({ chosen }) => chosen) ?? 0);
}
