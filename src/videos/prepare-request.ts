/** The request of a video, complete before it leaves: names, registrations, reference, fingerprint. */

import { ensureRegistered, refuseClipless } from '../characters/register.ts';
import { type RegistrationTarget, registrationAt } from '../characters/registration-target.ts';
import type { CharacterMode, NewVideo, Provider, ProviderLimits } from '../providers/provider.ts';
import type { Registration } from '../shared/character.ts';
import { SoraError } from '../shared/errors.ts';
import { orientationOf } from '../shared/geometry.ts';
import type { Job, VideoRequest } from '../shared/job.ts';
import type { Workspace } from '../workspace.ts';
import { admittedJob, existingJobs } from './admission.ts';
import { fingerprintOf } from './lifecycle.ts';
import { nameCharacters, pointToClips } from './prompt.ts';
import { readReference } from './reference-image.ts';
import type { VideoInput } from './video-input.ts';

/** A request that is ready to leave. */
export interface RequestPlan {
  readonly video: NewVideo;
  readonly request: VideoRequest;
  /** The names that were put into the prompt. */
  readonly injected: readonly string[];
  readonly fingerprint: string;
  /** Of a dry run: the jobs that its keys have already. */
  readonly existing?: readonly Job[];
}

export interface PlanOptions {
  /** Whether the names of the characters are put into the prompt. */
  readonly inject: boolean;
  readonly key?: string;
  readonly resend: boolean;
  /** How many equal videos are made. */
  readonly count: number;
  /** Nothing is registered, and nobody asked. */
  readonly dryRun: boolean;
}

/** Looks at what may cost money; throws to refuse it. */
export interface Admit {
  /**
   * Before anything of a request is uploaded, and again when all that it names is known. `missing` is how many characters
   * the host does not know yet.
   */
  plan(plan: RequestPlan, missing: number): Promise<void>;
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
export async function planRequest(
  workspace: Workspace,
  options: PlanOptions,
  {
    input,
    provider,
    model,
    admit,
  }: { input: VideoInput; provider: Provider; model: string | undefined; admit?: Admit },
): Promise<RequestPlan> {
  const { size, seconds } = input;
  const orientation = orientationOf(size);
  const limits = provider.limits(model);
  const mode = limits.characterMode;
  const target: RegistrationTarget = { provider, orientation, mode };
  const nowMs = workspace.runtime.clock.now();
  const planOf = (cast: readonly Cast[], reference?: Awaited<ReturnType<typeof readReference>>): RequestPlan => {
    const named = nameCharacters(input.prompt, apart(cast), options);
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

  refuseClipless(input.characters, target, nowMs);
  const known = input.characters.map((character) => registrationAt(character, target, nowMs));
  const missing = known.filter((one) => one === undefined).length;
  const expected = input.characters.map(
    ({ name }, index): Cast => known[index] ?? { name, value: PLACEHOLDERS[mode](name) },
  );
  planOf(expected);
  const reference = input.reference === undefined ? undefined : await readReference(workspace, input.reference, size);
  const plan = planOf(expected, reference);
  // What the model cannot be asked for is refused before anything is uploaded for it.
  provider.describeVideo(plan.video);
  if (options.dryRun) {
    const existing = await existingJobs(workspace, plan, options);
    if (existing.length < options.count) await admit?.plan(plan, missing);
    return { ...plan, existing };
  }
  const { key, resend, count } = options;
  const earlier = await admittedJob(workspace, { order: plan, key: count === 1 ? key : undefined, resend, ownIds: [] });
  if (!earlier) await admit?.plan(plan, missing);

  const cast: Cast[] = [];
  for (const character of input.characters) {
    cast.push(
      await ensureRegistered(workspace, character, target, {
        resend,
        admit: earlier ? undefined : admit?.registration,
      }),
    );
  }
  const whole = planOf(cast, reference);
  if (!earlier && missing > 0) await admit?.plan(whole, 0);
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
