/** The fingerprint of a request, by which an equal one is known. Pure. */
import { hashText } from '../../disk/hash.ts';
import { formatSize } from '../../shared/geometry.ts';
import type { VideoRequest } from '../../shared/job.ts';

/** Equal for equal work at the same host, whatever else happens to be true: what stops a second payment. */
export function fingerprintOf(work: { provider: string; baseUrl: string; request: VideoRequest }): string {
  const { prompt, model, seconds, size, characters, reference, from } = work.request;
  const canonical = [
    work.provider,
    work.baseUrl,
    prompt,
    model ?? null,
    seconds,
    formatSize(size),
    characters.map(({ name }) => name),
    reference?.sha256 ?? null,
    // Only where there is one: the fingerprints of earlier records stay what they are.
    ...(from ? [from.kind, from.jobId] : []),
  ];
  return hashText(JSON.stringify(canonical));
}
