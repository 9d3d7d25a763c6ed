/** Delivered against ordered: whether a video has the model, size and length of its request. Resellers swap models silently. Pure. */

import type { VideoFacts } from '../media/verify/downloaded.ts';
import { formatSize, orientationOf, parseSize } from '../shared/geometry.ts';
import type { Remote } from '../shared/job.ts';
import { oneLine } from '../shared/text.ts';

/**
 * In words, every way in which what came differs from what was asked. Length may differ by half a second; a dated
 * snapshot or a vendor prefix is the same model.
 */
export function findMismatch(
  job: Pick<Remote, 'request'> & Pick<Partial<Remote>, 'result'>,
  facts: VideoFacts,
): readonly string[] {
  const { request, result } = job;
  const drift: string[] = [];
  if (request.model !== undefined && result?.model !== undefined && !isSameModel(request.model, result.model)) {
    drift.push(`model ${oneLine(result.model, 80)} instead of ${request.model}`);
  }
  if (facts.width !== request.size.width || facts.height !== request.size.height) {
    const turned = orientationOf(facts) !== orientationOf(request.size) ? ', another orientation' : '';
    drift.push(`${formatSize(facts)} instead of ${formatSize(request.size)}${turned}`);
  }
  const said = result?.size === undefined ? undefined : parseSize(result.size.replace('*', 'x'));
  if (said && formatSize(said) !== formatSize(request.size) && formatSize(said) !== formatSize(facts)) {
    drift.push(`the host says ${formatSize(said)}`);
  }
  if (Math.abs(facts.seconds - request.seconds) > 0.5) {
    drift.push(`${facts.seconds.toFixed(1)} s instead of ${request.seconds} s`);
  }
  return drift;
}

const SNAPSHOT = /-20\d\d-\d\d-\d\d$/;

/** True for a dated snapshot of the model, and for the same name behind a vendor's prefix. */
export function isSameModel(asked: string, got: string): boolean {
  const [wanted, given] = [asked, got].map((model) => model.slice(model.lastIndexOf('/') + 1)) as [string, string];
  return (
    wanted === given ||
    (SNAPSHOT.test(wanted) !== SNAPSHOT.test(given) && wanted.replace(SNAPSHOT, '') === given.replace(SNAPSHOT, ''))
  );
}
