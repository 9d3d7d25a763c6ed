/** The request of a video, complete before it leaves: names, registrations, reference, fingerprint. */

import { ensureRegistered, refuseClipless } from '../characters/register.ts';
import { type Place, registrationAt } from '../characters/registration-target.ts';
import type { Context } from '../context.ts';
import type { CharacterMode, NewVideo, Provider, ProviderLimits } from '../providers/provider.ts';
import { SoraError } from '../shared/errors.ts';
import { type Job, orientationOf, type Registration, type VideoRequest } from '../shared/model.ts';
import { admittedJob, existingJobs } from './admission.ts';
import { fingerprintOf } from './lifecycle.ts';
import { nameCharacters, pointToClips } from './prompt.ts';
import type { GenerateFlags, Wanted } from './read-input.ts';
import { readReference } from './reference-image.ts';

/** A request that is ready to leave. */
export interface Draft {
  readonly video: NewVideo;
  readonly request: VideoRequest;
  /** The names that were put into the prompt. */
  readonly injected: readonly string[];
  readonly fingerprint: string;
  /** Of a dry run: the jobs that its keys have already. */
  readonly existing?: readonly Job[];
}

/** Looks at what may cost money; throws to refuse it. */
export interface Admit {
  /**
   * Before anything of a request is uploaded, and again when all that it names is known. `missing` is how many characters
   * the host does not know yet.
   */
  draft(draft: Draft, missing: number): Promise<void>;
  /** Right before a request leaves that registers a character. */
  registration(): Promise<void>;
}

/** A character as the host knows it, or will know it. */
type Cast = Pick<Registration, 'name' | 'value'>;

/**
 * Refuses first, with what is known; then registers the characters that the host does not know, unless this is a dry run.
 * Throws `usage` for names and lengths, `ambiguous` when an equal request is unresolved, and what `admit` and registering
 * throw. A request whose key has its job already is not sent, and so needs no admission.
 */
export async function makeDraft(
  context: Context,
  input: GenerateFlags,
  { wanted, provider, model, admit }: { wanted: Wanted; provider: Provider; model: string | undefined; admit?: Admit },
): Promise<Draft> {
  const { size, seconds } = wanted;
  const orientation = orientationOf(size);
  const limits = provider.limits(model);
  const mode = limits.characterMode;
  const place: Place = { provider, orientation, mode };
  const nowMs = context.host.clock.now();
  const draftOf = (cast: readonly Cast[], reference?: Awaited<ReturnType<typeof readReference>>): Draft => {
    const named = nameCharacters(wanted.prompt, apart(cast), input);
    const { injected } = named;
    const prompt = mode === 'id' ? named.prompt : pointToClips(named.prompt, apart(cast));
    checkLength(prompt, limits);
    const request: VideoRequest = {
      prompt,
      ...(model !== undefined && { model }),
      seconds,
      size,
      characters: cast.map(({ name, value }) => ({ name, value })),
      ...(reference && { reference: reference.record }),
    };
    const characters = cast.map(({ value }) => value);
    return {
      video: { prompt, model, seconds, size, characters, reference: reference?.reference },
      request,
      injected,
      fingerprint: fingerprintOf({ provider: provider.name, baseUrl: provider.baseUrl, request }),
    };
  };

  refuseClipless(wanted.characters, place, nowMs);
  const known = wanted.characters.map((character) => registrationAt(character, place, nowMs));
  const missing = known.filter((one) => one === undefined).length;
  const expected = wanted.characters.map(
    ({ name }, index): Cast => known[index] ?? { name, value: PLACEHOLDERS[mode](name) },
  );
  draftOf(expected);
  const reference = input.reference === undefined ? undefined : await readReference(context, input.reference, size);
  const draft = draftOf(expected, reference);
  // What the model cannot be asked for is refused before anything is uploaded for it.
  provider.describeVideo(draft.video);
  if (input.dryRun) {
    const existing = await existingJobs(context, draft, input);
    if (existing.length < input.count) await admit?.draft(draft, missing);
    return { ...draft, existing };
  }
  const { key, resend, count } = input;
  const earlier = await admittedJob(context, { draft, key: count === 1 ? key : undefined, resend, ownIds: [] });
  if (!earlier) await admit?.draft(draft, missing);

  const cast: Cast[] = [];
  for (const character of wanted.characters) {
    cast.push(
      await ensureRegistered(context, character, place, { resend, admit: earlier ? undefined : admit?.registration }),
    );
  }
  const whole = draftOf(cast, reference);
  if (!earlier && missing > 0) await admit?.draft(whole, 0);
  return whole;
}

const PLACEHOLDERS = {
  id: (name) => `<id of ${name}, once it is registered>`,
  'reference-video': (name) => `<URL of ${name}'s clip, once it is uploaded>`,
} satisfies Record<CharacterMode, (name: string) => string>;

/** The names that the host knows; two characters of one name there cannot be told apart in a prompt. */
function apart(cast: readonly Cast[]): readonly string[] {
  const names = cast.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return names;
  throw new SoraError('usage', `The host knows two of these characters as ${twice}; a prompt cannot tell them apart.`, {
    hint: 'Make one of them again under another name: sora character create <clip> --name <name>',
  });
}

function checkLength(prompt: string, { promptChars }: ProviderLimits): void {
  const chars = [...prompt].length;
  if (chars <= promptChars) return;
  throw new SoraError('usage', `The prompt has ${chars} characters with the names in it; ${promptChars} are allowed.`, {
    hint: `Shorten it by ${chars - promptChars}.`,
  });
}
