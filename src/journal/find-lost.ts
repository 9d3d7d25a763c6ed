/** Requests without an answer, whichever home has sent them: what their hosts list that they may have made. */
import type { Provider, RemoteVideo } from '../providers/provider.ts';
import { isSoraError, SoraError } from '../shared/errors.ts';
import { parseSize } from '../shared/geometry.ts';
import { listSince } from '../videos/lost/list-since.ts';
import { describeCandidates, hasShapeOf, LONGEST_MS } from '../videos/lost/match.ts';
import type { Workspace } from '../workspace.ts';
import type { Take } from './fold.ts';
import { hostOfTake, isUnknown, type TakeLedger } from './take-ledger.ts';

/** What was learned of an unknown take. */
export interface FoundLost {
  /** What it may have made, newest first: nobody's as far as is known, like it, and made about when it was sent. */
  readonly candidates: readonly RemoteVideo[];
  /** Why its host could not be asked. */
  readonly trouble?: SoraError;
}

/** By so much the clocks of two machines and a host may differ: whose clock is right is not known. */
const CLOCKS_MS = 3_600_000;

/**
 * Asks the hosts about unknown takes once each, and takes nothing for anybody's. By their keys; those whose host has no list are
 * left out.
 */
export async function findLost(
  workspace: Workspace,
  ledger: TakeLedger,
  mine: (take: Take) => boolean,
): Promise<ReadonlyMap<string, FoundLost>> {
  const takes = await ledger.takes();
  const found = new Map<string, FoundLost>();
  const lost = takes.filter((take) => isUnknown(ledger, take) && mine(take));
  if (lost.length === 0) return found;
  const { records } = await (await workspace.jobs()).list();
  const claimed = new Set([...takes, ...records].flatMap(({ remoteId }) => remoteId ?? []));
  for (const group of byHost(lost)) {
    const listed = await listFor(workspace, group, claimed);
    if (!listed) continue;
    for (const take of group) {
      if (isSoraError(listed)) found.set(take.key, { candidates: [], trouble: listed });
      else found.set(take.key, { candidates: listed.filter((video) => !claimed.has(video.id) && mayBe(take, video)) });
    }
  }
  return found;
}

function byHost(takes: readonly Take[]): readonly (readonly Take[])[] {
  const groups = new Map<string, Take[]>();
  for (const take of takes) {
    const key = JSON.stringify([take.provider, take.baseUrl, take.profile]);
    groups.set(key, [...(groups.get(key) ?? []), take]);
  }
  return [...groups.values()];
}

/** Undefined for a host that has no list. */
async function listFor(
  workspace: Workspace,
  group: readonly Take[],
  claimed: ReadonlySet<string>,
): Promise<readonly RemoteVideo[] | SoraError | undefined> {
  const [first] = group;
  if (!first) return undefined;
  const from = Math.min(...group.map(({ at }) => Date.parse(at))) - CLOCKS_MS;
  try {
    const provider: Provider = await workspace.providerOf(hostOfTake(first));
    if (!provider.list) return undefined;
    const mayBeAny = (video: RemoteVideo): boolean =>
      !claimed.has(video.id) && group.some((take) => mayBe(take, video));
    return (
      await listSince(workspace, provider, {
        ...{ models: group.map(({ model }) => model), sinceMs: from },
        ...{ since: () => from, mayBe: mayBeAny },
      })
    ).videos;
  } catch (error) {
    if (!isSoraError(error) || workspace.runtime.signal.aborted || error.code === 'machine') throw error;
    return error.code === 'refused' ? undefined : error;
  }
}

/** True unless the video says that it is of another request. What was asked for stands verbatim in what is sent. */
function mayBe({ ask, model, seconds, size, at }: Take, video: RemoteVideo): boolean {
  const { prompt, createdAt } = video;
  if (ask && prompt !== undefined && !prompt.normalize('NFC').includes(ask.prompt.normalize('NFC'))) return false;
  const sent = Date.parse(at);
  const made = createdAt === undefined ? sent : Date.parse(createdAt);
  if (made < sent - CLOCKS_MS || made > sent + LONGEST_MS + CLOCKS_MS) return false;
  return hasShapeOf({ model, seconds, size: parseSize(size ?? '') }, video);
}

/** Why a lost request is not sent once more on a person's word alone; undefined where nothing speaks against it. */
export function refusalToResend({ candidates, trouble }: FoundLost): SoraError | undefined {
  if (candidates.length > 0) {
    return new SoraError(
      'ambiguous',
      `It was not sent once more: its host lists what it may have made: ${describeCandidates(candidates)}`,
    );
  }
  if (!trouble) return undefined;
  return new SoraError(
    'ambiguous',
    `It was not sent once more: its host could not be asked whether it has it: ${trouble.message}`,
    { cause: trouble },
  );
}
