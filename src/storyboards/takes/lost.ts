/** A person's word on a take of a film that is under way or of unknown fate: given up, or found at its host. */
import { adoptTake } from '../../journal/adopt-take.ts';
import { newestByKey, type Take } from '../../journal/fold.ts';
import { hostOfTake } from '../../journal/take-ledger.ts';
import { hostTitle } from '../../providers/index.ts';
import { SoraError } from '../../shared/errors.ts';
import { isUnanswered } from '../../shared/job.ts';
import { oneLine } from '../../shared/text.ts';
import { closeUnresolved } from '../../videos/jobs/close.ts';
import type { Workspace } from '../../workspace.ts';
import { lookAtFilm, NO_WISHES, type OpenFilm } from '../film.ts';
import type { PlannedScene } from '../plan-scenes.ts';
import { findTake, type TakeName, takesOf } from './choose.ts';

/**
 * Gives up a take: one of unknown fate, of which a person knows that nothing was made; with its `remoteId` one that this account
 * cannot see. Throws `usage` for any other, and for one that its host has.
 */
export async function closeNamedTake(
  workspace: Workspace,
  film: OpenFilm,
  { scenes, name, remoteId }: { scenes: readonly PlannedScene[]; name: TakeName; remoteId?: string | undefined },
): Promise<Take> {
  const { ledger, commandOf } = film;
  const take = await findNamed(film, scenes, name);
  requireOpen(film, take);
  const named = [name.scene, String(take.n)];
  if (take.remoteId === undefined) {
    if (remoteId !== undefined) {
      throw new SoraError('usage', `Nobody knows ${called(take)} as ${oneLine(remoteId, 80)}.`, {
        hint: `If it is that video: ${commandOf('adopt', { operands: [...named, remoteId] })}`,
      });
    }
    const job = newestByKey(await ledger.jobs()).get(take.key);
    // What the host says of the job is asked there; its own record is closed with it.
    if (job && isUnanswered(job)) await closeUnresolved(workspace, job);
    await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'close' });
    return take;
  }
  if (take.remoteId !== remoteId) {
    throw new SoraError('usage', `${capital(called(take))} is ${take.remoteId} at ${hostTitle(take)}.`, {
      hint: `If this account cannot see it, and it is to be given up: ${commandOf('close', { operands: [...named, take.remoteId] })}`,
    });
  }
  const provider = await workspace.providerOf(hostOfTake(take));
  if (await provider.getVideo(remoteId, { signal: workspace.runtime.signal, model: take.model })) {
    throw new SoraError('usage', `${hostTitle(take)} has ${remoteId}: it is not lost.`, {
      hint: `To stop it: ${commandOf('cancel', { operands: [name.scene] })}\nOr go on with it: ${commandOf('render')}`,
    });
  }
  await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'close', remoteId });
  return take;
}

/** Says which video at its host a take of unknown fate is, or one that was given up. Throws `usage` for any other, and as `adoptTake`. */
export async function adoptNamedTake(
  workspace: Workspace,
  film: OpenFilm,
  { scenes, name, remoteId }: { scenes: readonly PlannedScene[]; name: TakeName; remoteId: string },
): Promise<Take> {
  const { ledger, commandOf } = film;
  const take = await findNamed(film, scenes, name);
  if (!take.closed) requireOpen(film, take);
  if (take.remoteId !== undefined) {
    throw new SoraError('usage', `${capital(called(take))} is ${take.remoteId} at ${hostTitle(take)}: it is known.`, {
      hint: `Go on with it: ${commandOf('render')}`,
    });
  }
  await adoptTake(workspace, ledger, { take, videoId: remoteId, called });
  return take;
}

async function findNamed(film: OpenFilm, scenes: readonly PlannedScene[], name: TakeName): Promise<Take> {
  await film.ledger.learn();
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  return findTake(takesOf(look, name.scene), name, film.commandOf);
}

/** Throws `usage` for one that is neither under way nor of unknown fate. */
function requireOpen({ ledger, commandOf }: OpenFilm, take: Take): void {
  const { scene, n, state, closed, remoteId } = take;
  const said = capital(called(take));
  if (state === 'done') {
    throw new SoraError('usage', `${said} is done.`, {
      hint: `If it is not wanted: ${commandOf('reject', { operands: [scene, String(n)] })}`,
    });
  }
  if (state === 'failed') {
    throw new SoraError('usage', `${said} ${closed ? 'is closed already' : 'has failed'}.`, {
      hint: `To make one more: ${commandOf('retake', { operands: [scene] })}`,
    });
  }
  if (remoteId === undefined && ledger.isAlive(take)) {
    throw new SoraError('usage', `${said} is being sent by another command.`, { hint: 'Wait until that has ended.' });
  }
}

function called({ scene, n }: Take): string {
  return `take ${n} of ${scene}`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
