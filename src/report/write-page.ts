/** Where a page is to lie, and the page as a file. */
import { resolve } from 'node:path';
import { checkFree, writeOutput } from '../disk/publish.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import type { Workspace } from '../workspace.ts';
import { type ReportPage, renderPage } from './page.ts';

/** The absolute path of a page that is to be written. Throws `usage` for another kind of file, and for a place that is taken. */
export async function pagePlace(
  { runtime }: Workspace,
  output: string,
  { force }: { readonly force: boolean },
): Promise<string> {
  const target = resolve(runtime.cwd, output);
  if (!/\.html?$/i.test(target))
    throw new SoraError('usage', `${option('output')} names the HTML file to write.`, {
      hint: `For example: ${option('output')} report.html`,
    });
  await checkFree(target, { force, example: 'report.html' });
  return target;
}

/** Any page, to an absolute path that is free. */
export async function writePage(
  { runtime }: Workspace,
  page: ReportPage,
  { target, force }: { readonly target: string; readonly force: boolean },
): Promise<void> {
  await writeOutput(target, renderPage(page), { force, taken: 'usage', clock: runtime.clock });
}
