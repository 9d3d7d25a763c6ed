/** The objects that the Videos API answers with. */
import type { Reply } from '../http.ts';
import { type JobRecord, type StatusWords, statusWord, viewJob } from '../jobs.ts';

/** When a job is told of, and by how much the clock that times are told by is off. */
export interface Telling {
  readonly nowMs: number;
  readonly skewMs: number;
}

const WORDS: StatusWords = {
  queued: 'queued',
  running: 'in_progress',
  done: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** A job as this host shows it. */
export function videoObject(job: JobRecord, { nowMs, skewMs }: Telling) {
  const view = viewJob(job, nowMs);
  const { phase, progress, told, completedMs, expiresMs } = view;
  return {
    id: job.id,
    object: 'video',
    model: job.model,
    status: statusWord(view, WORDS),
    progress: told.progress ?? progress,
    created_at: inSeconds(job.createdMs, skewMs),
    completed_at: phase === 'done' ? inSeconds(completedMs, skewMs) : null,
    expires_at: inSeconds(expiresMs, skewMs),
    prompt: job.prompt,
    size: `${job.width}x${job.height}`,
    seconds: String(job.seconds),
    remixed_from_video_id: job.remixOf ?? null,
    error: phase === 'failed' ? (job.fate.fail ?? null) : null,
  };
}

/** The same as an answer, with the pause that the host asks for. */
export function videoReply(job: JobRecord, at: Telling): Reply {
  const pollMs = Math.min(400, Math.max(10, job.durationMs / 10));
  return {
    status: 200,
    headers: { 'openai-poll-after-ms': String(Math.round(pollMs)) },
    body: videoObject(job, at),
  };
}

export function characterReply(record: { id: string; name: string; createdMs: number }, skewMs: number): Reply {
  const { id, name, createdMs } = record;
  return { status: 200, body: { id, name, created_at: inSeconds(createdMs, skewMs) } };
}

function inSeconds(ms: number | undefined, skewMs: number): number | null {
  return ms === undefined ? null : Math.floor((ms + skewMs) / 1000);
}

export function modelObject(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'openai' };
}
