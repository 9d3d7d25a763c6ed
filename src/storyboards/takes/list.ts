/** The takes of a film as people choose among them. Pure. */
import { isTakenBack, type Take, whyUnknown } from '../../journal/fold.ts';
import { whyFailed } from '../../journal/lines.ts';
import type { FilmLook } from '../film.ts';
import { shortName } from './choose.ts';

export interface TakeReport {
  readonly scene: string;
  readonly take: number;
  /** Eight digits by which it can be named, whatever its number. */
  readonly name: string;
  readonly state: 'done' | 'absent' | 'unreadable' | 'open' | 'unknown' | 'failed' | 'closed';
  readonly isChosen: boolean;
  readonly isPicked: boolean;
  readonly isRejected: boolean;
  /** Of another text than that of the film now. */
  readonly isOlder: boolean;
  /** In which ways it is not what was asked for. */
  readonly mismatch: readonly string[];
  /** Relative to the folder of the film. */
  readonly file?: string;
  readonly sha256?: string;
  readonly seconds?: number;
  /** US dollars, as the host says it, else as it was estimated. */
  readonly costUsd?: number;
  readonly why?: string;
  readonly jobId?: string;
  readonly remoteId?: string;
  readonly askedAt: string;
}

/** Of every scene in the order of the film, then of ids that it no longer has; of one scene where it is named. */
export function listTakes(
  look: FilmLook,
  { order, scene, isAlive }: { order: readonly string[]; scene?: string | undefined; isAlive(take: Take): boolean },
): readonly TakeReport[] {
  const rank = new Map(order.map((id, index) => [id, index]));
  const last = order.length;
  return look.takes
    .filter((take) => !isTakenBack(take) && (scene === undefined || take.scene === scene))
    .toSorted((a, b) => (rank.get(a.scene) ?? last) - (rank.get(b.scene) ?? last) || a.n - b.n)
    .map((take) => takeReport(look, take, isAlive));
}

function takeReport(look: FilmLook, take: Take, isAlive: (take: Take) => boolean): TakeReport {
  const { scene, n, done, failed, estimateUsd, jobId, remoteId, at, key } = take;
  const view = look.views.get(scene);
  const choice = view?.choice ?? look.choices.of(scene);
  const isPicked = done !== undefined && done.sha256 === choice.sha256;
  const cost = done?.cost ?? failed?.cost ?? (take.closed || failed?.made === 'no' ? undefined : estimateUsd);
  const state = stateOf(look, take, isAlive);
  return {
    ...{ scene, take: n, name: shortName(take), state },
    ...{ isChosen: view?.chosen?.key === key, isPicked },
    isRejected: done !== undefined && !isPicked && choice.rejected.has(done.sha256),
    isOlder: !view || (take.fp !== view.fp && !view.fromOthers.some((one) => one.key === key)),
    mismatch: done?.mismatch ?? [],
    ...(done && { file: done.file, sha256: done.sha256 }),
    ...(done?.seconds !== undefined && { seconds: done.seconds }),
    ...(cost !== undefined && { costUsd: cost }),
    ...(failed && { why: whyFailed(failed) }),
    ...(state === 'unknown' && { why: whyUnknown([take], 'it') }),
    ...(jobId !== undefined && { jobId }),
    ...(remoteId !== undefined && { remoteId }),
    askedAt: at,
  };
}

function stateOf(look: FilmLook, take: Take, isAlive: (take: Take) => boolean): TakeReport['state'] {
  if (take.state === 'failed') return take.closed ? 'closed' : 'failed';
  if (take.state === 'asked') return take.remoteId === undefined && !isAlive(take) ? 'unknown' : 'open';
  const presence = look.presenceOf(take);
  return presence === 'here' ? 'done' : presence === 'other' ? 'unreadable' : 'absent';
}
