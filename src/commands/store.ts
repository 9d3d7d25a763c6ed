/** Where things are kept, and whether they are whole. */
import type { Context } from '../context.ts';

/** `sora store path` */
export async function runStorePath({ ui, paths }: Context): Promise<undefined> {
  const folders = {
    settings: paths().config,
    characters: paths().characters,
    clips: paths().clips,
    jobs: paths().jobs,
    sandbox: paths().sandbox,
  };
  ui.result({
    json: folders,
    text: Object.entries(folders)
      .map(([name, path]) => `${name.padEnd(10)}  ${path}`)
      .join('\n'),
    quiet: Object.values(folders),
  });
}

/** `sora store check`: exits 12 when something is broken; deletes nothing. */
export async function runStoreCheck(context: Context): Promise<undefined> {
  const { checkStore, storeError, storeSummary } = await import('../doctor/store.ts');
  const report = await checkStore(context);
  const { problems, remarks, orphanClips } = report;
  context.ui.result({
    json: report,
    prose: true,
    text: [
      storeSummary(report),
      ...problems.map(({ path, reason }) => `  ${path}: ${reason}`),
      ...remarks.map((remark) => `  ${remark}`),
      ...orphanClips.map((path) => `  ${path}: no character needs this file`),
    ].join('\n'),
    quiet: problems.map(({ path }) => path),
  });
  const broken = storeError(report, 'Nothing was deleted. Restore the files from a backup, or remove them by hand.');
  if (broken) throw broken;
}
