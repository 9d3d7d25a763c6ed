import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerMissing } from '../../src/characters/register-cast.ts';
import { checkMaxCost } from '../../src/costs/max-cost.ts';
import { verifyDownload } from '../../src/media/verify/downloaded.ts';
import type { HostName } from '../../src/providers/index.ts';
import type { Job } from '../../src/shared/job.ts';
import { derivationSource, deriveVideo, previewDerivation } from '../../src/videos/derive.ts';
import { followJob, followJobs, saveVideo } from '../../src/videos/follow.ts';
import { closeUnresolved } from '../../src/videos/jobs/close.ts';
import { pruneJobs } from '../../src/videos/jobs/prune.ts';
import { askJobs, statusError, unfinishedJobs, watchJobs } from '../../src/videos/jobs/status.ts';
import { resendJob } from '../../src/videos/lost/resend.ts';
import { completePlan, planVideo } from '../../src/videos/plan.ts';
import { quoteVideos } from '../../src/videos/quote.ts';
import { cancelJob, deleteRemoteVideo, listRemoteVideos } from '../../src/videos/remote.ts';
import { sendVideos } from '../../src/videos/send.ts';
import { submit } from '../../src/videos/submit.ts';
import type { Workspace } from '../../src/workspace.ts';
import { makerPath, run, words } from '../helpers/ffmpeg.ts';
import { bringJoe } from '../helpers/joe.ts';
import { madeOnce } from '../helpers/once.ts';
import { type OpenWorkspace, openWorkspace } from '../helpers/workspace.ts';

const SIZE = { width: 1280, height: 720 };

/** What the sandbox makes of every request: as long and as large as is ordered, and quickly encoded. */
const film = (): Promise<string> =>
  madeOnce('film-720p-4s.mp4', (path) => {
    const picture = words('-v error -f lavfi -i testsrc=s=1280x720:r=5:d=4 -pix_fmt yuv420p -c:v libx264');
    return run([...picture, '-preset', 'ultrafast', path], { path: makerPath });
  });

/** Joe and Ann, who are registered nowhere. */
async function withCast(provider: HostName = 'openai'): Promise<OpenWorkspace> {
  const opened = await openWorkspace({ provider, video: await readFile(await film()) });
  await bringJoe(opened.home);
  const store = await opened.workspace.characters();
  const joe = await store.find('Joe');
  if (!joe) throw new Error('there is no Joe');
  await store.claim({ ...joe, name: 'Ann' });
  return opened;
}

async function orderOf(workspace: Workspace, prompt: string) {
  const store = await workspace.characters();
  const found = await Promise.all(['Joe', 'Ann'].map((name) => store.find(name)));
  const characters = found.flatMap((one) => one ?? []);
  const provider = await workspace.provider();
  const input = { prompt, characters, size: SIZE, seconds: 4 };
  return { input, provider, model: provider.defaultModel, inject: true };
}

describe('the use cases of a video, without a command line', () => {
  it('plan, quote, register, send, follow and save two videos of two characters in one process', async () => {
    const { workspace, dir, told, printed } = await withCast();
    const folder = join(dir, 'films');
    await mkdir(folder);
    const jobs: Job[] = [];
    for (const prompt of ['Joe waves at Ann.', 'Ann waves back at Joe.']) {
      const plan = await planVideo(workspace, await orderOf(workspace, prompt));
      const isFirst = jobs.length === 0;
      expect(plan.missing.map(({ character }) => character.name)).toEqual(isFirst ? ['Joe', 'Ann'] : []);

      const quote = await quoteVideos(workspace, plan);
      expect(quote.cost?.usd).toBeCloseTo(0.4);
      expect(quote.bill.map(({ what }) => what)).toEqual(['video', 'character']);
      checkMaxCost({ maxCost: 0.4 }, { bill: quote.bill, provider: plan.order.provider });

      const cast = await registerMissing(workspace, plan.cast);
      expect(cast.map(({ name, kind }) => [name, kind])).toEqual([
        ['Joe', 'id'],
        ['Ann', 'id'],
      ]);
      if (isFirst) {
        const early = { ...{ order: plan, provider: plan.order.provider, key: undefined }, resend: false, ownIds: [] };
        await expect(submit(workspace, { ...early, wait: undefined })).rejects.toThrow(/lacks 2 registrations/);
        expect(() => completePlan(plan, cast.slice(1))).toThrow(/2 characters .* with 1/);
      }
      const whole = completePlan(plan, cast);
      expect(whole.fingerprint).toBe(plan.fingerprint);
      expect(whole.video.characters).toEqual(cast.map(({ value }) => ({ mode: 'id', values: [value] })));

      const { provider } = whole.order;
      const sending = { order: whole, provider, cost: quote.cost, key: undefined, resend: false, ownIds: [] };
      const { job } = await submit(workspace, { ...sending, wait: undefined });
      expect(job).toMatchObject({
        status: 'queued',
        characters: ['Joe', 'Ann'],
        cost: { estimateUsd: quote.cost?.usd },
      });
      jobs.push(job);
    }

    const deadlineMs = workspace.runtime.clock.now() + 3_600_000;
    const files: string[] = [];
    for (const job of jobs) {
      const done = await followJob(workspace, job, { deadlineMs });
      expect(done).toMatchObject({ id: job.id, status: 'succeeded' });
      const { path = '', job: kept } = await saveVideo(workspace, done, { output: folder });
      expect(kept).toHaveProperty('output.path', path);
      expect(await verifyDownload(path, workspace.runtime.signal)).toMatchObject(SIZE);
      files.push(path);
    }
    expect(files).toEqual(jobs.map(({ id }) => join(folder, `${id}.mp4`)));
    expect(told.notes.some((text) => text.startsWith(`Job ${jobs[0]?.id} is queued`))).toBe(true);
    expect(told.events.filter(({ event }) => event === 'created').map(({ jobId }) => jobId)).toEqual(
      jobs.map(({ id }) => id),
    );
    expect(printed()).toBe('');
  });

  it('send several of one plan, and follow them all at once', async () => {
    const { workspace, dir } = await withCast();
    const plan = await planVideo(workspace, await orderOf(workspace, 'Joe waves at Ann.'));
    const sent = await sendVideos(workspace, plan, { count: 2, resend: false, maxCost: 0.8 });
    const deadlineMs = workspace.runtime.clock.now() + 3_600_000;
    const all = await followJobs(
      workspace,
      sent.map(({ job }) => job),
      { deadlineMs, output: dir },
    );
    expect(all.map(({ job, error }) => [job.status, error])).toEqual([
      ['succeeded', undefined],
      ['succeeded', undefined],
    ]);
    expect(all.every(({ path = '' }) => existsSync(path))).toBe(true);
    expect(getEventListeners(workspace.runtime.signal, 'abort')).toEqual([]);
  });

  it('list, ask, derive from, delete and prune what a host has made', async () => {
    const { workspace, told, printed } = await withCast();
    const [{ job: sent } = raise()] = await send(workspace, 'Joe waves at Ann.');
    const provider = await workspace.provider();
    expect(await unfinishedJobs(workspace)).toMatchObject([{ id: sent.id }]);
    const [watched = raise()] = await watchJobs(workspace, [sent]);
    expect(watched).toMatchObject({ job: { id: sent.id, status: 'succeeded' } });
    expect(statusError(watched)).toBeUndefined();
    expect(await listRemoteVideos(workspace, provider)).toMatchObject([{ id: sent.remoteId, jobId: sent.id }]);

    const source = await derivationSource(workspace, watched.job, { preview: false });
    const wish = { kind: 'remix', prompt: 'The same at night.', resend: false } as const;
    expect((await previewDerivation(workspace, source, wish)).bill).toMatchObject([{ what: 'video', count: 1 }]);
    await expect(deriveVideo(workspace, source, { ...wish, maxCost: 0.01 })).rejects.toMatchObject({ code: 'budget' });
    const { job: remix } = await deriveVideo(workspace, source, wish);
    const [asked = raise()] = await askJobs(workspace, [remix]);
    expect(statusError(asked)).toMatchObject({ code: 'pending', jobId: remix.id });
    expect((await listRemoteVideos(workspace, provider)).map(({ jobId }) => jobId)).toEqual([remix.id, sent.id]);

    const questions: string[] = [];
    const approve = async (question: string): Promise<boolean> => questions.push(question) > 1;
    await expect(deleteRemoteVideo(workspace, watched.job, { approve })).rejects.toMatchObject({ code: 'usage' });
    expect(await deleteRemoteVideo(workspace, watched.job, { approve })).toMatchObject({ remoteDeleted: true });
    expect(questions).toEqual(Array(2).fill(expect.stringContaining('It was never saved here.')));
    expect((await listRemoteVideos(workspace, provider)).map(({ jobId }) => jobId)).toEqual([remix.id]);

    await workspace.runtime.clock.sleep(60_000, workspace.runtime.signal);
    const old = { olderThanSeconds: 1 };
    expect(await pruneJobs(workspace, { ...old, dryRun: true })).toMatchObject([{ id: sent.id }]);
    expect(await pruneJobs(workspace, old)).toMatchObject([{ id: sent.id }]);
    expect(await pruneJobs(workspace, old)).toEqual([]);
    const [host, permission] = ['is not known to take characters', 'permission'].map((words) =>
      expect.stringContaining(words),
    );
    expect(told.warnings).toEqual([host, permission]);
    expect(printed()).toBe('');
  });

  it('cancel a job at its host, once', async () => {
    const { workspace } = await withCast('eachlabs');
    const [{ job } = raise()] = await send(workspace, 'Joe waves at Ann.');
    const cancelled = await cancelJob(workspace, job);
    expect(cancelled).toMatchObject({ id: job.id, status: 'cancelled' });
    expect(await cancelJob(workspace, cancelled)).toEqual(cancelled);
    expect(statusError({ job: cancelled })).toMatchObject({ code: 'refused' });
    // Whatever was cancelled can be sent again, and only that.
    await expect(resendJob(workspace, cancelled, {})).rejects.toMatchObject({ code: 'usage' });
    await expect(closeUnresolved(workspace, cancelled)).rejects.toMatchObject({ code: 'usage' });
  });
});

async function send(workspace: Workspace, prompt: string) {
  const plan = await planVideo(workspace, await orderOf(workspace, prompt));
  return sendVideos(workspace, plan, { count: 1, resend: false });
}

function raise(): never {
  throw new Error('there is none');
}
