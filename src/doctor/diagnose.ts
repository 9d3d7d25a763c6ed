/** Whether this machine, its settings and, where that is wanted, the chosen host are fit for work. */
import type { ErrorCode } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { type Finding, runCheck, WORST } from './finding.ts';
import { hostFindings } from './host.ts';
import { checkWritable, describeProxies, ffmpegFindings, loadMediaInfo, nodeFinding } from './machine.ts';
import { keyFindings, settingsFindings } from './settings.ts';
import { skillFindings } from './skill.ts';
import { checkStore, storeError, storeSummary } from './store.ts';

/**
 * Every finding, in the order of the report. Throws only when interrupted: what is wrong is in the findings. `api`: whether the
 * chosen host is asked, too.
 */
export async function diagnose(workspace: Workspace, { api }: { readonly api: boolean }): Promise<readonly Finding[]> {
  // First: the services warn of the same, unless they find it told.
  const settings = [...(await settingsFindings(workspace)), ...(await keyFindings(workspace))];
  const local = [
    nodeFinding(workspace.runtime.nodeVersion),
    ...(await ffmpegFindings(workspace)),
    await runCheck('mediainfo.js', () => loadMediaInfo()),
    await runCheck('store readable', () => readStore(workspace)),
    await runCheck('store writable', () => checkWritable(workspace)),
  ];
  const proxies = await runCheck('proxy', async () => describeProxies(workspace));
  const usable = settings.every(({ code }) => code === undefined);
  const host = usable ? await hostFindings(workspace, api) : [];
  return [...local, ...settings, proxies, ...(await skillFindings(workspace)), ...host];
}

/** The code that counts for all of them; undefined where nothing failed. */
export function worstOf(findings: readonly Finding[]): ErrorCode | undefined {
  const codes = findings.map(({ code }) => code);
  return WORST.find((code) => codes.includes(code));
}

/** Settings and keys have findings of their own. */
async function readStore(workspace: Workspace): Promise<string> {
  const report = await checkStore(workspace, { settings: false });
  const broken = storeError(report, 'sora store check names what is broken.');
  if (broken) throw broken;
  return storeSummary(report);
}
