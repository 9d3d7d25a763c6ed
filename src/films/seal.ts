/**
 * A checksum at the end of an MP4 file, by which it is known later to hold the bytes that it was made with. It stands in a box
 * that all readers skip, so that file and checksum get their name in one step.
 */
import { open } from 'node:fs/promises';
import { crypto, hashFile } from '../disk/hash.ts';
import { outputWriteError } from '../disk/publish.ts';

const HEAD = Buffer.from('\0\0\0\x2cfreeseal', 'latin1');
const BYTES = HEAD.length + 32;

/** Appends the checksum of a file that is whole. Throws `machine` when the disk is in the way. */
export async function seal(path: string, signal: AbortSignal): Promise<void> {
  const checksum = Buffer.from(await hashFile(path, signal), 'hex');
  const file = await open(path, 'a').catch((error: unknown) => {
    throw outputWriteError(error, path);
  });
  try {
    await file.write(Buffer.concat([HEAD, checksum]));
  } catch (error) {
    throw outputWriteError(error, path);
  } finally {
    await file.close();
  }
}

/** Whether a file is there, and is as it was sealed. */
export async function isSealed(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (!file) return false;
  try {
    const length = (await file.stat()).size - BYTES;
    if (length <= 0) return false;
    const end = Buffer.alloc(BYTES);
    await file.read(end, 0, BYTES, length);
    if (!end.subarray(0, HEAD.length).equals(HEAD)) return false;
    const hash = crypto().createHash('sha256');
    const content = file.createReadStream({ start: 0, end: length - 1, highWaterMark: 1024 * 1024, autoClose: false });
    for await (const chunk of content) hash.update(chunk as Uint8Array);
    return hash.digest().equals(end.subarray(HEAD.length));
  } finally {
    await file.close();
  }
}
