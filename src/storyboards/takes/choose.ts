/** A person's choice among the takes of a film: picked or rejected; each is one line of the journal. */

import { crypto } from '../../disk/hash.ts';
import { type Choice, NOTHING_PICKED } from '../../journal/choices.ts';
import { partsOfKey } from '../../journal/fingerprint.ts';
import type { Take } from '../../journal/fold.ts';
import type { Line } from '../../journal/lines.ts';
import { SoraError } from '../../shared/errors.ts';
import { nearest, oneLine } from '../../shared/text.ts';
import { type FilmCommand, type FilmLook, lookAtFilm, NO_WISHES, type OpenFilm } from '../film.ts';
import type { PlannedScene } from '../plan-scenes.ts';

export interface TakeName {
  readonly scene: string;
  /** Its number, or the beginning of the sha256 of its file; of one without a file that of its key's uuid. */
  readonly take: string;
}

const LEAST_DIGITS = 4;

/** Throws `usage` for a name of no take, and of several. */
export function findTake(takes: readonly Take[], { scene, take: word }: TakeName, commandOf: FilmCommand): Take {
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
    hint: list === '' ? `It has none yet: ${commandOf('render')}` : `It has: ${list}`,
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
  const {
    version: { quality, variant },
    commandOf,
  } = film;
  return decide(film, scenes, (look) => {
    const view = look.views.get(scene);
    const choice = view?.choice ?? look.choices.of(scene);
    const own = takesOf(look, scene);
    const take = word === NOTHING_PICKED ? undefined : findTake(own, { scene, take: word }, commandOf);
    if (take && !view) throw noScene(scene, [...look.views.keys()]);
    if (take && !take.done) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} has no file that could be picked.`, {
        hint: `See what there is: ${commandOf('takes', { operands: [scene] })}`,
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
  const { commandOf } = film;
  return decide(film, scenes, (look) => {
    const take = findTake(takesOf(look, scene), name, commandOf);
    const sha256 = take.done?.sha256;
    if (sha256 === undefined) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} has no file that could be rejected.`, {
        hint:
          take.remoteId === undefined
            ? `If its request made nothing: ${commandOf('close', { operands: [scene, String(take.n)] })}`
            : `To stop it at its host: ${commandOf('cancel', { operands: [scene] })}`,
      });
    }
    if (look.choices.standing(scene).has(sha256)) {
      throw new SoraError('usage', `Take ${take.n} of ${scene} is picked.`, {
        hint: `Pick another first, or none: ${commandOf('pick', { operands: [scene, NOTHING_PICKED] })}`,
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
