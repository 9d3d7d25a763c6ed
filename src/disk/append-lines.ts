/** Files that are only ever appended to, a line of JSON each: what was appended is on the disk when the call returns. */
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureFolder, type FileOwner, flush, machineError, syncFolder } from './atomic-write.ts';

/** Of a new file: what is beside the user's files is as open as those. */
const MODES = { sora: 0o600, user: 0o666 } as const satisfies Record<FileOwner, number>;

/**
 * Appends each value as a line, whole lines in a write, so that those of two processes do not mix. A line that a killed process has
 * left unfinished gets its newline first. Throws SoraError `machine`.
 */
export async function appendLines(path: string, values: readonly object[], owner: FileOwner): Promise<void> {
  if (values.length === 0) return;
  await ensureFolder(dirname(path), owner);
  try {
    const file = openSync(path, 'a+', MODES[owner]);
    try {
      const { size } = fstatSync(file);
      const last = Buffer.alloc(1);
      const isOpenEnded = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
      if (isOpenEnded) writeFileSync(file, '\n');
      for (const text of pieces(values)) writeFileSync(file, text);
      await flush(file);
      if (size === 0) await syncFolder(dirname(path));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw machineError(error, 'write', path, owner);
  }
}

const NEWLINE = 0x0a;
/** Node writes what is longer than 512 KiB in parts, which may end within a line. */
const PIECE_CHARS = 100_000;

/** As many lines together as one write takes. */
function* pieces(values: readonly object[]): Generator<string> {
  let text = '';
  for (const value of values) {
    const line = `${JSON.stringify(value)}\n`;
    if (text !== '' && text.length + line.length > PIECE_CHARS) {
      yield text;
      text = '';
    }
    text += line;
  }
  yield text;
}
