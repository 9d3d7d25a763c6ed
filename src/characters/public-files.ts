/** What is uploaded to some hosts is public: said once for each home and host, before the first file leaves. */
import { firstTimeOf } from '../disk/once-marker.ts';
import { hostTitle } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import type { Workspace } from '../workspace.ts';

/** Says for whom and how long, where the host's uploads are for anybody. */
export async function sayPublicUploads(workspace: Workspace, { name, baseUrl, clips }: Provider): Promise<void> {
  const isPublicFor = clips?.isPublicFor;
  if (isPublicFor === undefined || !(await firstTimeOf(workspace.paths().state, 'public', baseUrl))) return;
  workspace.reporter.warn(
    `Clips and pictures that are uploaded to ${hostTitle({ name, baseUrl })} can be read by anybody who has their addresses, for ${isPublicFor}. Another time: sora config set uploadDays <days>. (Said once for this host.)`,
  );
}
