/** A person's word on a take of a film: picked, rejected, given up, or found at its host; each is one line of the journal. */

import { crypto } from '../disk/hash.ts';
import { type Choice, NOTHING_PICKED } from '../journal/choices.ts';
import { partsOfKey } from '../journal/fingerprint.ts';
import { newestByKey, type Take } from '../journal/fold.ts';
import type { Line } from '../journal/lines.ts';
import { hostTitle } from '../providers/index.ts';
import { SoraError } from '../shared/errors.ts';
import { isUnanswered } from '../shared/job.ts';
import { nearest, oneLine } from '../shared/text.ts';
import { closeUnresolved } from '../videos/jobs/close.ts';
import { adoptVideo } from '../videos/lost/recover.ts';
import type { Workspace } from '../workspace.ts';
import { type FilmLook, lookAtFilm, NO_WISHES, type OpenFilm } from './film.ts';
import type { PlannedScene } from './plan-scenes.ts';

export interface TakeName {
  readonly scene: string;
  /** Its number, or the beginning of the sha256 of its file; of one without a file that of its key's uuid. */
  readonly take: string;
}

const LEAST_DIGITS = 4;

/** Throws `usage` for a name of no take, and of several. */
export function findTake(takes: readonly Take[], { scene, take: word }: TakeName): Take {
  const isNumber = /^\d{1,3}$/.test(word);
  const text = word.toLowerCase();
  const named = takes.filter(({ n, done, key }) =>
    isNumber
      ? n === Number(word)
      : text.length >= LEAST_DIGITS &&
        (done?.sha256.startsWith(text) === true || partsOfKey(key)?.uuid.startsWith(text) === true),
  );
  const [first] = named;
  const distinct = new Set(named.map(({ done, key }) => done?.sha256 ?? key));
  if (first && distinct.size === 1) return first;
  const list = takes.map((take) => `${take.n} (${shortName(take)})`).join(', ');
  if (named.length > 1) {
    throw new SoraError('usage', `${scene} has ${named.length} takes that ${oneLine(word, 80)} may mean.`, {
      hint: `Name one by its sha256: ${named.map(shortName).join(' or ')}`,
    });
  }
  throw new SoraError('usage', `${scene} has no take ${oneLine(word, 80)}.`, {
    hint: list === '' ? 'It has none yet: sora storyboard render <file>' : `It has: ${list}`,
  });
}

/** Eight digits by which a take can be named. */
export function shortName({ done, key }: Take): string {
  return (done?.sha256 ?? partsOfKey(key)?.uuid ?? '').slice(0, 8);
}

/** The takes that a scene of the film, or of an earlier text of it, has. Throws `usage` for an id that nothing has. */
export function takesOf(look: FilmLook, scene: string): readonly Take[] {
  const view = look.views.get(scene);
  if (view) return view.own;
  const own = look.takes.filter((take) => take.scene === scene);
  if (own.length === 0 && look.choices.latest(scene).length === 0) throw noScene(scene, [...look.views.keys()]);
  return own;
}

/** The refusal of an id that the film does not have. */
export function noScene(scene: string, known: readonly string[]): SoraError {
  const close = nearest(scene, known);
  return new SoraError('usage', `The film has no scene ${JSON.stringify(oneLine(scene, 80))}.`, {
    hint: close === undefined ? `It has: ${known.join(', ')}` : `Did you mean ${close}?`,
  });
}

export interface Picked {
  readonly scene: string;
  /** Undefined where nothing is picked any more. */
  readonly take: Take | undefined;
  /** Whether it was so before. */
  readonly isSame: boolean;
}

/** `none` as the take picks nothing. Throws `usage` for a take without a file, and for a scene that is not in the film. */
export function pickTake(
  film: OpenFilm,
  scenes: readonly PlannedScene[],
  { scene, take: word }: TakeName,
): Promise<Picked> {
  const { quality, variant } = film.version;
  return decide(film, scenes, (look) => {
    const view = look.views.get(scene);
    const choice = view?.choice ?? look.choices.of(scene);
    const own = takesOf(look, scene);
    const take = word === NOTHING_PICKED ? undefined : findTake(own, { scene, take: word });
    if (take && !view) throw noScene(scene, [...look.views.keys()]);
    if (take && !take.done) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} has no file that could be picked.`, {
        hint: `See what there is: sora storyboard takes <file> ${scene}`,
      });
    }
    const sha256 = take?.done?.sha256 ?? NOTHING_PICKED;
    const isSame = isPicked(choice, sha256);
    const line: Line = {
      ...{ v: 1, at: film.ledger.now(), key: `pick:${crypto().randomUUID()}`, line: 'pick', scene, sha256 },
      after: look.choices.latest(scene),
      ...(view && { words: view.words }),
      ...(view && quality !== undefined && { quality }),
      ...(view && variant !== undefined && { variant }),
    };
    return { lines: isSame ? [] : [line], answer: { scene, take, isSame } };
  });
}

/** One that only stands in for the pick of these words is none of them. */
function isPicked({ isTwice, isOwn, sha256 }: Choice, wanted: string): boolean {
  return !isTwice && (isOwn || sha256 === undefined) && (sha256 ?? NOTHING_PICKED) === wanted;
}

export interface Rejected {
  readonly scene: string;
  readonly take: Take;
}

/** Throws `usage` for the take that is picked, and for one without a file. */
export function rejectTake(film: OpenFilm, scenes: readonly PlannedScene[], name: TakeName): Promise<Rejected> {
  const { scene } = name;
  return decide(film, scenes, (look) => {
    const take = findTake(takesOf(look, scene), name);
    const sha256 = take.done?.sha256;
    if (sha256 === undefined) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} has no file that could be rejected.`, {
        hint:
          take.remoteId === undefined
            ? `If its request made nothing: sora storyboard close <file> ${scene} ${take.n}`
            : `To stop it at its host: sora storyboard cancel <file> ${scene}`,
      });
    }
    if (look.choices.standing(scene).has(sha256)) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} is picked.`, {
        hint: `Pick another first, or none: sora storyboard pick <file> ${scene} none`,
      });
    }
    const line: Line = {
      ...{ v: 1, at: film.ledger.now(), key: `reject:${crypto().randomUUID()}`, line: 'reject', scene, sha256 },
    };
    return { lines: look.choices.of(scene).rejected.has(sha256) ? [] : [line], answer: { scene, take } };
  });
}

/** Under the lock, by what every journal says then. */
async function decide<R>(
  film: OpenFilm,
  scenes: readonly PlannedScene[],
  by: (look: FilmLook) => { readonly lines: readonly Line[]; readonly answer: R },
): Promise<R> {
  const { ledger } = film;
  await ledger.learn();
  return ledger.journal.exclusively(async (reading) => {
    const then = { lines: reading.lines, takes: (scene?: string) => ledger.takes(scene, reading) };
    const { lines, answer } = by(await lookAtFilm(film, scenes, { wishes: NO_WISHES, then }));
    if (lines.length > 0) await ledger.journal.append(...lines);
    return answer;
  });
}

/**
 * Gives up a take: one of unknown fate, of which a person knows that nothing was made; with its `remoteId` one that this account
 * cannot see. Throws `usage` for any other, and for one that its host has.
 */
export async function closeTake(
  workspace: Workspace,
  film: OpenFilm,
  { scenes, name, remoteId }: { scenes: readonly PlannedScene[]; name: TakeName; remoteId?: string | undefined },
): Promise<Take> {
  const { ledger } = film;
  const take = await openTake(film, scenes, name);
  if (take.remoteId === undefined) {
    if (remoteId !== undefined) {
      throw new SoraError('usage', `Nobody knows take ${take.n} of ${name.scene} as ${oneLine(remoteId, 80)}.`, {
        hint: `If it is that video: sora storyboard adopt <file> ${name.scene} ${take.n} ${oneLine(remoteId, 80)}`,
      });
    }
    const job = newestByKey(await ledger.jobs()).get(take.key);
    // What the host says of the job is asked there; its own record is closed with it.
    if (job && isUnanswered(job)) await closeUnresolved(workspace, job);
    await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'close' });
    return take;
  }
  if (take.remoteId !== remoteId) {
    throw new SoraError('usage', `Take ${take.n} of ${name.scene} is ${take.remoteId} at ${hostTitle(take)}.`, {
      hint: `If this account cannot see it, and it is to be given up: sora storyboard close <file> ${name.scene} ${take.n} ${take.remoteId}`,
    });
  }
  if (await videoAt(workspace, take, remoteId)) {
    throw new SoraError('usage', `${hostTitle(take)} has ${remoteId}: it is not lost.`, {
      hint: `Go on with it: sora storyboard render <file>. Or stop it: sora storyboard cancel <file> ${name.scene}`,
    });
  }
  await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'close', remoteId });
  return take;
}

/** Says which video at its host an unknown take is. Throws `usage` for an id that another take or job has, or no video. */
export async function adoptTake(
  workspace: Workspace,
  film: OpenFilm,
  { scenes, name, remoteId }: { scenes: readonly PlannedScene[]; name: TakeName; remoteId: string },
): Promise<Take> {
  const { ledger } = film;
  const take = await openTake(film, scenes, name);
  const refuse = (message: string, hint: string): SoraError => new SoraError('usage', message, { hint });
  if (take.remoteId !== undefined) {
    throw refuse(
      `Take ${take.n} of ${name.scene} is ${take.remoteId} at ${hostTitle(take)}: it is known.`,
      'Go on with it: sora storyboard render <file>',
    );
  }
  const owner = (await ledger.takes()).find((other) => other.remoteId === remoteId && other.baseUrl === take.baseUrl);
  if (owner) {
    throw refuse(
      `${oneLine(remoteId, 80)} is take ${owner.n} of ${owner.scene} already.`,
      'Name a video that no take has.',
    );
  }
  const job = newestByKey(await ledger.jobs()).get(take.key);
  if (job && isUnanswered(job)) await adoptVideo(workspace, job, remoteId);
  else if (await isOfAnotherJob(workspace, take, remoteId)) {
    throw refuse(`${oneLine(remoteId, 80)} is the video of another job of this home.`, 'Name a video that no job has.');
  } else if (!(await videoAt(workspace, take, remoteId))) {
    throw refuse(
      `${hostTitle(take)} does not know a video ${oneLine(remoteId, 80)}.`,
      'Look for it in the list of your host.',
    );
  }
  await ledger.journal.append({ v: 1, at: ledger.now(), key: take.key, line: 'adopt', remoteId });
  return take;
}

/** One that is under way or of unknown fate. */
async function openTake(film: OpenFilm, scenes: readonly PlannedScene[], name: TakeName): Promise<Take> {
  const { ledger } = film;
  await ledger.learn();
  const look = await lookAtFilm(film, scenes, { wishes: NO_WISHES });
  const take = findTake(takesOf(look, name.scene), name);
  const said = `Take ${take.n} of ${name.scene}`;
  if (take.state === 'done') {
    throw new SoraError('usage', `${said} is done.`, {
      hint: `If it is not wanted: sora storyboard reject <file> ${name.scene} ${take.n}`,
    });
  }
  if (take.state === 'failed') {
    throw new SoraError('usage', `${said} ${take.closed ? 'is closed already' : 'has failed'}.`, {
      hint: `To make one more: sora storyboard retake <file> ${name.scene}`,
    });
  }
  if (take.remoteId === undefined && ledger.isAlive(take)) {
    throw new SoraError('usage', `${said} is being sent by another command.`, { hint: 'Wait until that has ended.' });
  }
  return take;
}

function placeOf(take: Take): Parameters<Workspace['providerOf']>[0] {
  const { provider, baseUrl, backend, profile, jobId, key } = take;
  const place = { id: jobId ?? key, provider, baseUrl };
  return {
    ...place,
    ...(backend !== undefined && { backend }),
    ...(profile !== undefined && { profile }),
  } as Parameters<Workspace['providerOf']>[0];
}

async function videoAt(workspace: Workspace, take: Take, remoteId: string): Promise<boolean> {
  const provider = await workspace.providerOf(placeOf(take));
  return (await provider.getVideo(remoteId, { signal: workspace.runtime.signal, model: take.model })) !== undefined;
}

async function isOfAnotherJob(workspace: Workspace, take: Take, remoteId: string): Promise<boolean> {
  const { records } = await (await workspace.jobs()).list();
  return records.some((job) => job.remoteId === remoteId && job.baseUrl === take.baseUrl && job.key !== take.key);
}
