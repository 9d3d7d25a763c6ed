/** A refusal over a face: the model that is tried next. */

import type { Character } from '../../shared/character.ts';
import { SoraError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import type { Workspace } from '../../workspace.ts';
import { modelThatTakes } from '../refuse-cast.ts';

/** In the words of hosts: "input video may contain real person", `face_detection_error`, `people-in-user-uploads`. */
const FACE = /\bfaces?\b|\bface_|real[ _-](?:person|people|human)|\b(?:person|people|human)s?\b|likeness/i;

/** The same error; where it is a refusal of policy that speaks of a face, with the model that takes people and this cast. */
export async function withNextModel(workspace: Workspace, job: Job, error: SoraError): Promise<SoraError> {
  const { request } = job;
  const failure = 'failure' in job ? job.failure : undefined;
  const said = `${failure?.code ?? ''} ${failure?.message ?? error.message}`;
  if (error.code !== 'policy' || request.from || !FACE.test(said)) return error;
  const store = await workspace.characters();
  const found = await Promise.all(job.characters.map((one) => store.find(one).catch(() => undefined)));
  const characters = found.flatMap((one): Character[] => (one ? [one] : []));
  const provider = await workspace.providerOf(job).catch(() => undefined);
  if (!provider) return error;
  const { prompt, size, seconds, model = provider.defaultModel } = request;
  const order = { input: { prompt, size, seconds, characters }, provider, model };
  const next = await modelThatTakes(order, { people: true });
  if (next === undefined) return error;
  const { code, message, hint, requestId, reason } = error;
  const told = new SoraError(code, message, {
    hint: `Not every model refuses a face. Try: ${next}. ${hint ?? ''}`.trim(),
    ...(requestId !== undefined && { requestId }),
    ...(reason !== undefined && { reason }),
    ...(error.jobId !== undefined && { jobId: error.jobId }),
    cause: error,
  });
  told.refusedCharacters = error.refusedCharacters;
  return told;
}
