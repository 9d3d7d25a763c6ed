/** What a host lists, as far back as a lost request can have made it. */

import type { Provider, RemoteVideo } from '../../providers/provider.ts';
import type { Workspace } from '../../workspace.ts';
import type { Clocks, Sighting } from './match.ts';

export interface Sought {
  /** What was sent to them is wanted, where the host lists by model. */
  readonly models: readonly (string | undefined)[];
  /** The same as `since`, as far as it is known before the host's clock is: nothing older is asked for. */
  readonly sinceMs: number;
  /** Milliseconds since the epoch by the host's clock, before which nothing is wanted; undefined for the whole list. */
  since(clocks: Clocks): number | undefined;
  /** Whether a video whose prompt the list does not tell is worth a question of its own. */
  mayBe(video: RemoteVideo, clocks: Clocks): boolean;
}

const PAGE = 100;

/** Two thousand videos: whoever has made more since a request was lost has to look by hand. */
const PAGES = 20;

/** Of videos whose prompts are told one by one, so many are asked about. */
const MOST_ASKED = 30;

/** What the host lists, newest first, as far back as is wanted; of a host that lists by model, model by model. */
export async function listSince(workspace: Workspace, provider: Provider, sought: Sought): Promise<Sighting> {
  const [first, ...others] = provider.listsBy === 'model' ? new Set(sought.models) : [undefined];
  const sighting = await listOne(workspace, provider, { sought, model: first });
  const videos = [...sighting.videos];
  let { hostNow } = sighting;
  for (const model of others) {
    const more = await listOne(workspace, provider, { sought, model });
    videos.push(...more.videos);
    if (more.hostNow === undefined) hostNow = undefined;
  }
  return { ...sighting, videos, hostNow };
}

async function listOne(
  workspace: Workspace,
  provider: Provider,
  { sought, model }: { readonly sought: Sought; readonly model: string | undefined },
): Promise<Sighting> {
  const { signal, clock, uptimeSeconds } = workspace.runtime;
  const videos = new Map<string, RemoteVideo>();
  let after: string | undefined;
  let clocks: Clocks | undefined;
  for (let pages = 0; ; pages++) {
    const wish = { limit: PAGE, sinceMs: sought.sinceMs, model, ...(after !== undefined && { after }) };
    const page = await provider.list?.(wish, { signal });
    clocks ??= { hostNow: page?.hostNow, localNow: clock.now(), uptimeSeconds: uptimeSeconds?.() };
    const before = videos.size;
    for (const video of page?.videos ?? []) videos.set(video.id, video);
    // Hosts that do not know `after` give the same page for ever.
    const isWhole = page?.next === undefined || videos.size === before || isBefore(page.videos, sought.since(clocks));
    if (isWhole || pages + 1 === PAGES) {
      const told = [...videos.values()];
      const listed = page?.promptsElsewhere ? await withPrompts(workspace, provider, told, sought, clocks) : told;
      // Where not everything was seen, nothing is proven.
      return { videos: listed, ...clocks, ...(!isWhole && { hostNow: undefined }) };
    }
    after = page?.next;
  }
}

/** Whether what follows such a page is older than that: not where the host does not list the newest first. */
function isBefore(videos: readonly RemoteVideo[], from: number | undefined): boolean {
  const [newest, oldest] = [videos[0], videos.at(-1)].map((video) => Date.parse(video?.createdAt ?? ''));
  return from !== undefined && oldest !== undefined && newest !== undefined && oldest < from && oldest <= newest;
}

async function withPrompts(
  { runtime: { signal } }: Workspace,
  provider: Provider,
  videos: readonly RemoteVideo[],
  { mayBe }: Sought,
  clocks: Clocks,
): Promise<readonly RemoteVideo[]> {
  const asked = videos.filter((video) => video.prompt === undefined && mayBe(video, clocks)).slice(0, MOST_ASKED);
  const told = new Map<string, RemoteVideo>();
  for (const video of asked) {
    const alone = await provider.getVideo(video.id, { signal, model: video.model });
    if (alone) told.set(video.id, { ...video, ...alone });
  }
  return videos.map((video) => told.get(video.id) ?? video);
}
