/**
 * A cache of what lists show of records, in one file. An entry is read anew when its record changes; losing the
 * cache costs time alone.
 */
import { lstatSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolder, removeQuietly, sweepFolder, writeTemp } from './atomic-write.ts';
import { readTextSync } from './read-file.ts';

export interface DigestCacheOptions<D> {
  /** Where the copies are kept. */
  readonly file: string;
  /** Another one than the file has makes it worthless: of the form of `D`. */
  readonly version: number;
  readonly ids: readonly string[];
  pathOf(id: string): string;
  /** Reads one record and makes its digest. What it throws is thrown; ENOENT is a record that has gone. */
  read(id: string): D;
  /** Of a record that cannot be read. */
  onBroken(id: string, error: unknown): void;
}

/** When the record's file was last changed in any way (milliseconds since the epoch), its size, and what was made of it. */
type Kept<D> = readonly [id: string, changedMs: number, bytes: number, digest: D];

/** Of a hundred thousand records. */
const MAX_BYTES = 256_000_000;

/** So many may be read anew each time before it is worth writing the file again. */
const FEW = 50;

/** In the order of `ids`. */
export async function readCachedDigests<D>(options: DigestCacheOptions<D>): Promise<readonly D[]> {
  const known = new Map(readKept<D>(options).map((kept) => [kept[0], kept]));
  const found: Kept<D>[] = [];
  let read = 0;
  for (const id of options.ids) {
    const stats = lstatSync(options.pathOf(id), { throwIfNoEntry: false });
    const kept = known.get(id);
    if (stats && kept && kept[1] === stats.ctimeMs && kept[2] === stats.size) {
      found.push(kept);
      continue;
    }
    try {
      // Looked at before it is read: what changes in between is seen as changed the next time.
      found.push([id, stats?.ctimeMs ?? 0, stats?.size ?? 0, options.read(id)]);
      read += 1;
    } catch (error) {
      options.onBroken(id, error);
    }
  }
  if (read > FEW || known.size - found.length > FEW) await write(options, found);
  return found.map(([, , , digest]) => digest);
}

function readKept<D>({ file, version }: DigestCacheOptions<D>): readonly Kept<D>[] {
  try {
    // biome-ignore lint/plugin: of ours, flat, and megabytes long
    const json = JSON.parse(readTextSync(file, MAX_BYTES)) as { version?: unknown; records?: readonly Kept<D>[] };
    return json.version === version && Array.isArray(json.records) ? json.records : [];
  } catch {
    return [];
  }
}

/** A disk that is full or may not be written to is no reason to show nothing. */
async function write<D>({ file, version }: DigestCacheOptions<D>, records: readonly Kept<D>[]): Promise<void> {
  let temp: string | undefined;
  try {
    const folder = dirname(file);
    await ensureFolder(folder);
    await sweepFolder(folder);
    temp = await writeTemp(folder, JSON.stringify({ version, records }));
    await rename(temp, file);
  } catch {
    if (temp !== undefined) await removeQuietly(temp);
  }
}
