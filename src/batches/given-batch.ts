/** A batch as a user names it: where it is, whose journal is written, and the command that goes on with it. */

import { basename, resolve } from 'node:path';
import { decodeText } from '../disk/decode-text.ts';
import type { JournalOwner } from '../journal/names.ts';
import { costWords, flagWord, journalWords, selectionWords, valueWord } from '../runs/command-words.ts';
import type { Purpose } from '../settings/choose-provider.ts';
import type { Shard } from '../shared/batch.ts';
import { SoraError } from '../shared/errors.ts';
import type { CostLimits } from '../shared/money.ts';
import { option } from '../shared/options.ts';
import { shellCommand, shellQuote } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import type { BatchPlan } from './plan-batch.ts';
import { prepareBatch } from './prepare.ts';
import { readBatchFile } from './read-batch.ts';

/** What every command of a batch is told of it, as it was typed. */
export interface BatchRequest extends CostLimits {
  /** `-` for standard input. */
  readonly file: string;
  /** A folder, or a path with `{id}` in it. */
  readonly output?: string;
  readonly shard?: Shard;
  readonly journal?: string;
  readonly allowOutside: boolean;
  readonly allowRetired: boolean;
  readonly allowUndocumented: boolean;
  readonly allowDrift: boolean;
}

export interface BatchPlace {
  /** Absolute; of standard input, the name that `journal` gives it. */
  readonly path: string;
  readonly owner: JournalOwner;
}

export interface GivenBatch extends BatchPlace {
  readonly plan: BatchPlan;
}

/** Where a batch is, or would be, and whose journal is written. Throws `usage` for a pipe without a name. */
export function placeOfBatch(
  { runtime }: Workspace,
  { file, journal, shard }: Pick<BatchRequest, 'file' | 'journal' | 'shard'>,
): BatchPlace {
  const isPiped = file === '-';
  if (isPiped && journal === undefined) {
    throw new SoraError('usage', 'A batch from standard input needs a name for its journal.', {
      hint: `Add ${option('journal')} <name>: what was paid for is kept in ./<name>.journal.jsonl`,
    });
  }
  const owner = { ...(!isPiped && journal !== undefined && { name: journal }), ...(shard && { shard }) };
  return { path: resolve(runtime.cwd, isPiped ? (journal ?? '') : file), owner };
}

/** Reads, checks and prices a batch; `stdin` is read for `-`. Throws as `prepareBatch`. */
export async function readGivenBatch(
  workspace: Workspace,
  request: BatchRequest,
  { purpose, stdin }: { readonly purpose: Purpose; readonly stdin: () => Promise<Uint8Array> },
): Promise<GivenBatch> {
  const { output, file } = request;
  if (output === '-') {
    throw new SoraError('usage', 'The videos of a batch are files, and cannot go to stdout.', {
      hint: `Name a folder: ${option('output')} videos`,
    });
  }
  const place = placeOfBatch(workspace, request);
  const isPiped = file === '-';
  const text = isPiped
    ? decodeText(await stdin(), { called: 'The batch', file: 'prompts.csv' })
    : await readBatchFile(workspace, place.path, file);
  const plan = await prepareBatch(workspace, text, {
    ...{ name: isPiped ? 'stdin' : file, file: place.path, purpose },
    ...{ allowOutside: request.allowOutside, allowRetired: request.allowRetired },
    allowUndocumented: request.allowUndocumented,
    output: output === undefined ? undefined : resolve(workspace.runtime.cwd, output),
    ask: request.maxCost === undefined && request.budget === undefined ? undefined : purpose,
  });
  return { ...place, plan };
}

/** The command that goes on with a batch, as the user would type it: to the same host, with the same bounds. */
export function batchCommand(
  { selection }: Pick<Workspace, 'selection'>,
  verb: string,
  { request, words = [] }: { readonly request: BatchRequest; readonly words?: readonly string[] },
): string {
  const { file, output } = request;
  return shellCommand(
    `sora batch ${verb}`,
    [shellQuote(file)],
    [
      ...valueWord('output', output),
      ...journalWords(request),
      ...costWords(request),
      ...flagWord('allowOutside', request.allowOutside),
      ...flagWord('allowRetired', request.allowRetired),
      ...flagWord('allowUndocumented', request.allowUndocumented),
      ...flagWord('allowDrift', request.allowDrift),
      ...words,
      ...selectionWords(selection),
    ],
  );
}

/** The command that shows every line of a batch at that path. */
export function statusCommand(path: string): string {
  return shellCommand('sora batch status', [shellQuote(path)]);
}

/** What messages call it. */
export function calledBatch({ file }: BatchRequest): string {
  return file === '-' ? 'the batch' : basename(file);
}
