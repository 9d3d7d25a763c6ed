/** Documents of others that change seldom, kept for a day in small files: losing them costs a question to their host. */
import { join } from 'node:path';
import { parseBoundedJson } from '../shared/json.ts';
import { ensureFolder, publish, removeQuietly, writeTemp } from './atomic-write.ts';
import { hashText } from './hash.ts';
import { readTextSync } from './read-file.ts';

const DAY_MS = 86_400_000;
/** What is larger is not kept. */
const MAX_BYTES = 1_000_000;

/** Texts by any names. Neither call throws: a disk that is full, or not ours, keeps nothing. */
export function createDayCache({ dir, now }: { readonly dir: () => string; readonly now: () => number }) {
  const pathOf = (name: string): string => join(dir(), `${hashText(name)}.json`);
  return {
    async read(name: string): Promise<string | undefined> {
      try {
        const kept = parseBoundedJson(readTextSync(pathOf(name), MAX_BYTES), 1);
        if (typeof kept !== 'object' || kept === null || !('at' in kept) || !('text' in kept)) return undefined;
        const age = now() - Number(kept.at);
        return age >= 0 && age < DAY_MS && typeof kept.text === 'string' ? kept.text : undefined;
      } catch {
        return undefined;
      }
    },
    async write(name: string, text: string): Promise<void> {
      const document = JSON.stringify({ at: now(), name, text });
      if (Buffer.byteLength(document) > MAX_BYTES) return;
      let temp: string | undefined;
      try {
        await ensureFolder(dir());
        temp = await writeTemp(dir(), document);
        await publish(temp, pathOf(name));
      } catch {
        if (temp !== undefined) await removeQuietly(temp);
      }
    },
  };
}
