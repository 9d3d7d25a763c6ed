/** The cast as a file: `character export` writes one, `character import` merges one into the store. */
import { exportCast } from '../../characters/cast/export-cast.ts';
import { importCast } from '../../characters/cast/import-cast.ts';
import type { Context } from '../../context.ts';

export interface ExportInput {
  readonly names: readonly string[];
  readonly output: string;
  readonly withClips: boolean;
  readonly force: boolean;
}

/** `sora character export [<name>...] -o <file>` */
export async function runCharacterExport(context: Context, input: ExportInput): Promise<undefined> {
  const done = await exportCast(context, input);
  const { path, characters: names } = done;
  context.ui.result({
    json: done,
    text: `${path}: ${names.length === 1 ? names[0] : `${names.length} characters`}${input.withClips ? ', with clips' : ''}`,
    quiet: [path],
  });
}

/** `sora character import <file>` */
export async function runCharacterImport(
  context: Context,
  input: { readonly file: string; readonly force: boolean },
): Promise<undefined> {
  const done = await importCast(context, { ...input, stdin: context.runtime.stdin });
  context.ui.result({
    json: done,
    text: done.length === 0 ? 'The cast is empty.' : done.map(({ name, did }) => `${name}: ${did}`).join('\n'),
    quiet: done.map(({ name }) => name),
  });
}
