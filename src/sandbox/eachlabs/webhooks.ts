/** The webhooks of eachlabs: kept with their tasks and listed. The sandbox itself calls nobody, so that none is ever delivered. */
import type { Incoming } from '../http.ts';
import type { JobRecord } from '../jobs.ts';
import { Refusal } from '../task-host/fields.ts';
import { readCount } from '../task-host/lists.ts';

/** The address of a request, checked; undefined where it has none. */
export function webhookOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || url === '') return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new Refusal(400, 'Field "webhook_url" must be an HTTP(S) URL.');
}

/** What is known of one; `payload` is what would be sent now, and `isOver` is whether it is time to send it. */
export function webhookDocument(
  { id, webhook = '', createdMs }: JobRecord,
  { payload, isOver, skewMs }: { payload: unknown; isOver: boolean; skewMs: number },
): object {
  const created_at = new Date(createdMs + skewMs).toISOString();
  const attempt = { status: 'PENDING', status_code: null, response: null, error_message: null, created_at };
  return {
    ...{ execution_id: id, url: webhook, request: JSON.stringify(payload), source: 'api-gateway', created_at },
    headers: { 'Content-Type': 'application/json' },
    attempts: isOver ? [attempt] : [],
  };
}

/** One page of them, the newest first, without their attempts. */
export function webhookPage(
  { query }: Pick<Incoming, 'query'>,
  jobs: readonly JobRecord[],
  documentOf: (job: JobRecord) => object,
): object {
  const limit = readCount('limit', Number(query.get('limit') ?? 50), { least: 1, most: 100 });
  const offset = readCount('offset', Number(query.get('offset') ?? 0), { least: 0, most: Number.POSITIVE_INFINITY });
  const own = jobs.filter(({ webhook }) => webhook !== undefined).toReversed();
  const webhooks = own.slice(offset, offset + limit).map((job) => ({ ...documentOf(job), attempts: undefined }));
  return { webhooks, limit, offset };
}
