/** `sora video generate`: everything that can be refused is refused first, then the record is written, then the request leaves. */
import type { Context } from '../context.ts';
import { formatSize, orientationOf, type Registration, type VideoRequest } from '../domain.ts';
import { SoraError } from '../errors.ts';
import { fingerprintOf } from '../jobs.ts';
import { nameCharacters } from '../prompt.ts';
import type { Provider } from '../providers/provider.ts';
import { listOf } from '../text.ts';
import { followAll, resumeCommand } from './follow.ts';
import { type ReadReference, readReference } from './reference.ts';
import { ensureRegistered, registrationAt } from './register.ts';
import { type Draft, type Submitted, submit } from './submit.ts';
import { type GenerateFlags, gatherWishes, type Wanted } from './wishes.ts';

export async function runGenerate(context: Context, input: GenerateFlags & { prompt: string }): Promise<number> {
  const { ui, host } = context;
  const deadline = host.clock.now() + input.timeout * 1000;
  const wait = input.wait || input.output !== undefined;
  const wanted = await gatherWishes(context, input, wait);
  const provider = await context.provider();
  warnOfHost(context, wanted, provider);
  const draft = await makeDraft(context, input, { wanted, provider });

  if (input.dryRun) {
    const request = provider.describeVideo(draft.video);
    ui.result({
      json: { prompt: draft.video.prompt, injected: draft.injected, request },
      text: `${request.method} ${request.url} (${request.contentType})\n${JSON.stringify(request.body, null, 2)}`,
      quiet: [draft.video.prompt],
    });
    return 0;
  }
  const sent: Submitted[] = [];
  for (let index = 0; index < input.count; index++) {
    const key = input.key === undefined || input.count === 1 ? input.key : `${input.key}#${index + 1}`;
    const ownIds = sent.map(({ job }) => job.id);
    const { resend } = input;
    sent.push(await submit(context, { draft, provider, key, resend, ownIds, wait: wait ? input : undefined }));
  }
  const jobs = sent.map(({ job }) => job);
  if (wait) {
    const firstPauses = new Map(sent.map(({ job, pollAfterMs }) => [job.id, pollAfterMs]));
    return followAll(context, jobs, (job) => ({ ...input, deadline, firstPauseMs: firstPauses.get(job.id), job }));
  }
  ui.result({
    json: input.count === 1 ? jobs[0] : jobs,
    text: jobs
      .map((job) => `${job.id} is ${job.status}. Follow it with: ${resumeCommand(context, job, {})}`)
      .join('\n'),
    quiet: jobs.map(({ id }) => id),
  });
  return 0;
}

/** Hosts run ahead of their documentation, so what it does not list is worth a warning and no more. */
function warnOfHost({ ui }: Context, { characters, size, seconds }: Wanted, provider: Provider): void {
  const { limits } = provider;
  const at = provider.backend ?? provider.name;
  if (characters.length > limits.characters) {
    throw new SoraError(
      'usage',
      `${at} takes at most ${limits.characters} characters in a video, not ${characters.length}.`,
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'no') {
    throw new SoraError(
      'usage',
      `${at} takes no characters: it would drop ${listOf(characters.map(({ name }) => name))} without a word.`,
      {
        hint: 'Use a host that takes characters, or leave out -c.',
      },
    );
  }
  if (characters.length > 0 && provider.takesCharacters === 'unknown') {
    ui.warn(
      'This host is not known to take characters; some drop them without a word. Name what it is with --backend.',
    );
  }
  if (limits.seconds.length > 0 && !limits.seconds.includes(seconds)) {
    ui.warn(`${seconds} s is none of the documented lengths (${limits.seconds.join(', ')}); the host may refuse it.`);
  }
  if (limits.sizes.length > 0 && !limits.sizes.some((one) => formatSize(one) === formatSize(size))) {
    ui.warn(
      `${formatSize(size)} is none of the documented sizes (${limits.sizes.map(formatSize).join(', ')}); the host may refuse it.`,
    );
  }
}

/** The request as it will be sent. Registers characters that the host does not know yet, unless this is a dry run. */
async function makeDraft(
  context: Context,
  input: GenerateFlags,
  { wanted, provider }: { wanted: Wanted; provider: Provider },
): Promise<Draft> {
  const { size, seconds } = wanted;
  const orientation = orientationOf(size);
  const nowMs = context.host.clock.now();
  const model = input.model ?? (await context.connection()).model ?? provider.defaultModel;
  const known = wanted.characters.map((character) => ({
    character,
    registration: registrationAt(character, { provider: provider.name, baseUrl: provider.baseUrl, orientation, nowMs }),
  }));
  // Names and the length limit are checked with what is known before anything is uploaded.
  const names = known.map(({ character, registration }) => registration?.name ?? character.name);
  checkLength(nameCharacters(wanted.prompt, names, input).prompt, provider);
  const reference: ReadReference | undefined =
    input.reference === undefined ? undefined : await readReference(context, input.reference, size);

  const registered: Pick<Registration, 'name' | 'value'>[] = [];
  for (const { character, registration } of known) {
    if (registration) registered.push(registration);
    else if (input.dryRun)
      registered.push({ name: character.name, value: `<id of ${character.name}, once it is registered>` });
    else registered.push(await ensureRegistered(context, character, { provider, orientation }));
  }
  const { prompt, injected } = nameCharacters(
    wanted.prompt,
    registered.map(({ name }) => name),
    input,
  );
  checkLength(prompt, provider);
  const request: VideoRequest = {
    prompt,
    ...(model !== undefined && { model }),
    seconds,
    size,
    characters: registered.map(({ name, value }) => ({ name, value })),
    ...(reference && { reference: reference.record }),
  };
  return {
    video: {
      prompt,
      model,
      seconds,
      size,
      characters: registered.map(({ value }) => value),
      reference: reference?.reference,
    },
    request,
    injected,
    fingerprint: fingerprintOf({ provider: provider.name, baseUrl: provider.baseUrl, request }),
  };
}

function checkLength(prompt: string, { limits }: Provider): void {
  const chars = [...prompt].length;
  if (chars <= limits.promptChars) return;
  throw new SoraError(
    'usage',
    `The prompt has ${chars} characters with the names in it; ${limits.promptChars} are allowed.`,
  );
}
