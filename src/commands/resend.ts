/** The command that sends a recorded request once more, as the user would type it. */
import type { Context } from '../context.ts';
import type { Job, VideoRequest } from '../domain.ts';
import { formatSize } from '../domain.ts';
import type { Provider } from '../providers/provider.ts';
import { shellOption, shellQuote } from '../text.ts';

/**
 * Built from the record alone, to the same host. The prompt is the one that was sent: the names stand in it already.
 * A picture is named where it was a file or a plain URL; else a placeholder says which one is meant.
 */
export async function resendCommand(context: Context, job: Job, provider?: Provider): Promise<string> {
  const { request } = job;
  const words = ['sora', 'video', request.from?.kind ?? 'generate'];
  if (request.from) words.push(request.from.jobId);
  // A prompt that begins with a dash would be read as an option.
  if (!request.prompt.startsWith('-')) words.push(shellQuote(request.prompt));
  words.push(...(request.from ? await addedSeconds(context, job) : await generateFlags(context, request, provider)));
  if (job.key !== undefined) words.push(shellOption('--key', shellQuote(job.key)));
  words.push(...(await placeFlags(context, job)), '--resend');
  if (request.prompt.startsWith('-')) words.push('--', shellQuote(request.prompt));
  return words.join(' ');
}

async function generateFlags(context: Context, request: VideoRequest, provider?: Provider): Promise<readonly string[]> {
  const words = (await localNames(context, request)).map((name) => shellOption('-c', shellQuote(name), '--character'));
  const { model, reference } = request;
  if (model !== undefined) words.push(shellOption('--model', shellQuote(model)));
  words.push('--seconds', String(request.seconds), '--size', formatSize(request.size));
  if (reference) {
    words.push('--reference', reference.source === undefined ? `<${reference.label}>` : shellQuote(reference.source));
  }
  if (provider?.limits(model).retired !== undefined) words.push('--allow-retired');
  return words;
}

/** A host may know a character by another name than this machine does. */
async function localNames(context: Context, { characters }: VideoRequest): Promise<readonly string[]> {
  if (characters.length === 0) return [];
  const { records } = await (await context.characters()).list();
  return characters.map(
    ({ name, value }) =>
      records.find(({ registrations }) => registrations.some((one) => one.value === value))?.name ?? name,
  );
}

/** What an extension adds to the video that it is made from. */
async function addedSeconds(context: Context, { request }: Job): Promise<readonly string[]> {
  if (request.from?.kind !== 'extend') return [];
  const source = await (await context.jobs()).find(request.from.jobId);
  return source ? ['--seconds', String(request.seconds - (source.result?.seconds ?? source.request.seconds))] : [];
}

async function placeFlags(context: Context, job: Job): Promise<readonly string[]> {
  const words: string[] = [];
  if (!job.request.from) {
    words.push('--provider', job.provider);
    if (job.backend !== undefined) words.push('--backend', job.backend);
  }
  if (job.provider !== 'sandbox' && (!job.request.from || context.globals.baseUrl !== undefined)) {
    words.push('--base-url', shellQuote(job.baseUrl));
  }
  const { profile } = context.globals;
  if (job.profile !== undefined && (profile !== undefined || job.profile !== (await context.profileName()))) {
    words.push('--profile', shellQuote(job.profile));
  }
  return words;
}
