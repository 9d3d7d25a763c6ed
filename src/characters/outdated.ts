/** Outdated masters: characters of earlier versions that would get another clip today, from the same source and options. Pure. */

import type { Character, CharacterDigest } from '../shared/character.ts';
import type { ClipOptions, SourceFacts } from '../shared/clip.ts';
import { option } from '../shared/options.ts';
import { shellOption, shellPhrase } from '../shared/text.ts';

export type Aspect = 'light' | 'shape' | 'frame rate' | 'start' | 'sound';

/** Of a clip by earlier rules. At least one of them is not empty. */
export interface Outdated {
  readonly differs: readonly Aspect[];
  /** Nobody can tell without the source. */
  readonly mayDiffer: readonly Aspect[];
}

type Wishes = Pick<ClipOptions, 'start' | 'audio'>;

interface Rule {
  /** The plan version from which on it holds. */
  readonly since: number;
  readonly aspect: Aspect;
  /** Of a source by whose facts its clip differs. */
  readonly differs: (facts: SourceFacts, wishes: Wishes) => boolean;
  /** Of a source by whose facts it may. */
  readonly mayDiffer?: (facts: SourceFacts) => boolean;
}

/** One row for each change of the rules. A plan version that is raised gets its rows here. */
const RULES: readonly Rule[] = [
  {
    since: 3,
    aspect: 'light',
    differs: ({ hdr, chroma, range, alpha, codec }) =>
      hdr === 'HLG' || (chroma === '4:0:0' && range !== 'full') || (alpha === true && /^(?:Hap|M8|Cine)/.test(codec)),
    // Where box and stream disagree, the box was believed.
    mayDiffer: ({ range }) => range === 'full',
  },
  {
    since: 3,
    aspect: 'shape',
    differs: ({ mirrored, window, rotation, container }) =>
      mirrored === true || window !== undefined || (rotation !== undefined && container !== 'MPEG-4'),
  },
  { since: 3, aspect: 'frame rate', differs: ({ varies }) => varies === true },
  {
    since: 3,
    aspect: 'start',
    differs: ({ delay = 0, fps = 0, hidden, leading }, { start }) =>
      Boolean(start) || delay * fps >= 1 || hidden !== undefined || leading !== undefined,
  },
  {
    since: 3,
    aspect: 'sound',
    differs: ({ sound }, { audio }) => audio && sound !== undefined && (sound.track > 0 || sound.laidOut === false),
  },
];

/**
 * What of a clip would come out differently today; undefined where nothing would. By what its record, or a new look at its
 * source, tells of the source; without either, all that was changed since may differ.
 */
export function outdated(
  { planVersion, options, source }: NonNullable<CharacterDigest['clip']>,
  facts: SourceFacts | undefined = source?.facts,
): Outdated | undefined {
  const differs = new Set<Aspect>();
  const mayDiffer = new Set<Aspect>();
  for (const rule of RULES) {
    if (planVersion >= rule.since) continue;
    if (rule.differs(facts ?? UNKNOWN, options)) differs.add(rule.aspect);
    else if (mayDifferBy(rule, facts, options)) mayDiffer.add(rule.aspect);
  }
  const others = [...mayDiffer].filter((aspect) => !differs.has(aspect));
  return differs.size + others.length === 0 ? undefined : { differs: [...differs], mayDiffer: others };
}

function mayDifferBy(rule: Rule, facts: SourceFacts | undefined, { audio }: Wishes): boolean {
  return facts ? rule.mayDiffer?.(facts) === true : audio || rule.aspect !== 'sound';
}

/** Whether anything would: a list asks this of a thousand characters. */
function isOutdated({ planVersion, options, source }: NonNullable<CharacterDigest['clip']>): boolean {
  const facts = source?.facts;
  for (const rule of RULES) {
    if (planVersion >= rule.since) continue;
    if (mayDifferBy(rule, facts, options) || rule.differs(facts ?? UNKNOWN, options)) return true;
  }
  return false;
}

/** Nothing about it makes a difference. */
const UNKNOWN: SourceFacts = { container: 'MPEG-4', codec: 'H.264' };

/** What differs, and the command that makes the clip anew: sentences. */
export function outdatedNote({ name }: Pick<Character, 'name'>, { differs, mayDiffer }: Outdated): string {
  const [surely, maybe] = [`its ${choice(differs)} would differ now`, `its ${choice(mayDiffer)} may differ now`];
  const also = maybe.replace(/^i/, 'I');
  const what = differs.length === 0 ? maybe : mayDiffer.length === 0 ? surely : `${surely}. ${also}`;
  const again = `sora character create <clip> ${shellOption('name', shellPhrase(name))} ${option('force')}`;
  return `${name} was prepared by an earlier version; ${what}. To prepare it again, with the options that it had (its registrations are then made anew): ${again}`;
}

/** More are told in one sentence. */
const MANY = 5;
const NAMED = 3;

/** The same for a list: one sentence each, or one for all where they are many. */
export function outdatedNotes(cast: readonly CharacterDigest[]): string[] {
  const found = cast.filter(({ clip }) => clip && isOutdated(clip));
  if (found.length <= MANY)
    return found.flatMap((one) => {
      const old = one.clip && outdated(one.clip);
      return old ? [outdatedNote(one, old)] : [];
    });
  const named = found.slice(0, NAMED).map(({ name }) => name);
  return [
    `${found.length} characters were prepared by an earlier version, and their clips would or may differ now: ${named.join(', ')} and ${found.length - NAMED} more. To see what of each, and how to prepare it again: sora store check`,
  ];
}

function choice(aspects: readonly Aspect[]): string {
  const last = aspects.at(-1) ?? '';
  return aspects.length < 2 ? last : `${aspects.slice(0, -1).join(', ')} or ${last}`;
}
