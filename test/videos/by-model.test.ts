/** A host that lists what was sent to one model, once it has begun, and keeps results for an hour: jobs that are lost or late. */
import { describe, expect, it } from 'vitest';
import { sayPublicUploads } from '../../src/characters/public-files.ts';
import type { Job } from '../../src/shared/job.ts';
import { refreshed } from '../../src/videos/jobs/find.ts';
import { resolveUnknown, unresolvedError } from '../../src/videos/lost/recover.ts';
import { planVideo } from '../../src/videos/plan.ts';
import { listRemoteVideos } from '../../src/videos/remote.ts';
import { previewVideos, sendVideos } from '../../src/videos/send.ts';
import type { Workspace } from '../../src/workspace.ts';
import { type HostWorld, hostWorld } from '../helpers/host-world.ts';
import { pictureOf } from '../helpers/pictures.ts';

const MODEL = 'kling/v4/reference-to-video';
const HOUR_MS = 3_600_000;

/** A request whose answer is lost. */
const LOST = { rules: [{ match: { call: 'create' }, times: 1, reset: 'after' }] };

async function send(workspace: Workspace, model = MODEL): Promise<Job> {
  const input = { prompt: 'A hill.', characters: [], size: { width: 1280, height: 720 }, seconds: 4 };
  const plan = await planVideo(workspace, { input, provider: await workspace.provider(), model, inject: true });
  const sent = await sendVideos(workspace, plan, { count: 1, resend: false }).catch(() => []);
  const { records } = await (await workspace.jobs()).list();
  const job = sent[0]?.job ?? records.at(-1);
  if (!job) throw new Error('no job was recorded');
  return job;
}

async function setUp(scenario: object): Promise<{ world: HostWorld; workspace: Workspace }> {
  const world = await hostWorld();
  world.play(scenario);
  return { world, workspace: world.workspace({ provider: 'fal' }) };
}

describe('a lost request at a host that lists by model', () => {
  it('is not there while it waits in the queue, which proves nothing and is said, and is found once it has begun', async () => {
    const { world, workspace } = await setUp({ ...LOST, jobSeconds: 600 });
    const job = await send(workspace);
    expect(job.status).toBe('unknown');
    const queued = await resolveUnknown(workspace, job);
    expect(queued.job.status).toBe('unknown');
    expect(unresolvedError(queued).message).toMatch(/lists no such video\. That proves nothing: .* waits in its queue/);
    world.clock.ms += 60_000;
    expect((await resolveUnknown(workspace, job)).job).toMatchObject({
      status: 'running',
      remoteId: expect.any(String),
    });
    expect(await world.made()).toHaveLength(1);
  });

  it('is listed among those of all models that jobs of this machine were sent to', async () => {
    const { world, workspace } = await setUp({ jobSeconds: 1 });
    const jobs = [await send(workspace), await send(workspace, 'example/reels/v2/reference-to-video')];
    world.clock.ms += 5000;
    const listed = await listRemoteVideos(workspace, await workspace.provider());
    expect(new Set(listed.map(({ jobId }) => jobId))).toEqual(new Set(jobs.map(({ id }) => id)));
  });
});

describe('a result that is kept for an hour', () => {
  async function late(ms: number) {
    const { world, workspace } = await setUp({ jobSeconds: 1 });
    const job = await send(workspace);
    if (job.remoteId === undefined) throw new Error('it was lost');
    world.clock.ms += ms;
    return refreshed(workspace, job);
  }

  it('is read from the list when somebody comes back later', async () => {
    expect(await late(3 * HOUR_MS)).toMatchObject({ status: 'succeeded' });
  });

  it('is paid and gone, and has not failed, when the list has dropped it too', async () => {
    expect(await late(8 * 24 * HOUR_MS)).toMatchObject({
      ...{ status: 'expired', failure: { message: expect.stringMatching(/paid for.*gone/) } },
    });
  });
});

it('public uploads are said once for a home and a host, with their time', async () => {
  const { world, workspace } = await setUp({});
  for (const one of [workspace, workspace, world.workspace({ provider: 'openai' })]) {
    await sayPublicUploads(one, await one.provider());
  }
  expect(world.told.warnings).toEqual([expect.stringMatching(/can be read by anybody .* for 7 days/)]);
});

it('that a picture is public is said when it is sent, by whatever run, and not by a dry run', async () => {
  const { world, workspace } = await setUp({ jobSeconds: 1 });
  const reference = await pictureOf('png', { width: 1280, height: 720 });
  const size = { width: 1280, height: 720 };
  const input = { prompt: 'A hill.', characters: [], size, seconds: 4, reference };
  const order = { input, provider: await workspace.provider(), model: MODEL, inject: true };
  const plan = await planVideo(workspace, order);
  await previewVideos(workspace, plan, { count: 1, resend: false });
  expect(world.told.warnings).toEqual([]);
  const heldTo = { quote: { cost: undefined, bill: [] }, async approve() {}, async registration() {} };
  await sendVideos(workspace, plan, { count: 1, resend: false, heldTo });
  expect(world.told.warnings).toEqual([expect.stringMatching(/can be read by anybody/)]);
});
