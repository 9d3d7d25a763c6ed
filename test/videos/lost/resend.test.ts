/** What is sent once more of a request with characters, by what its record tells of them. */
import { describe, expect, it } from 'vitest';
import type { HostName } from '../../../src/providers/index.ts';
import type { VideoRequest } from '../../../src/shared/job.ts';
import { newJobId } from '../../../src/videos/jobs/record.ts';
import { previewResend } from '../../../src/videos/lost/resend.ts';
import { START } from '../../helpers/runtime.ts';
import { hashOf, sampleJob } from '../../helpers/samples.ts';
import { openWorkspace } from '../../helpers/workspace.ts';

async function previewOf(
  host: HostName,
  request: Pick<VideoRequest, 'seconds' | 'characters'> & { readonly model: string },
) {
  const { workspace } = await openWorkspace({ provider: host });
  const { name: provider, baseUrl } = await workspace.provider();
  const size = { width: 1280, height: 720 };
  const job = sampleJob(
    newJobId(START, () => 0.5),
    {
      ...{ provider, baseUrl, status: 'unknown', fingerprint: hashOf('lost') },
      ...{ model: request.model, request: { prompt: 'Joe waves.', size, ...request } },
    },
  );
  await (await workspace.jobs()).create(job);
  return previewResend(workspace, job, {});
}

describe('a request that is sent once more', () => {
  it.each([
    [
      'runway',
      'seedance2',
      'runway://clip-of-joe',
      { referenceVideos: [{ type: 'video', uri: 'runway://clip-of-joe' }] },
    ],
    [
      'fal',
      'bytedance/seedance-2.0/reference-to-video',
      'https://files.example.com/joe.mp4',
      { video_urls: ['https://files.example.com/joe.mp4'] },
    ],
    ['openai', 'sora-2', 'char_joe', { characters: [{ id: 'char_joe' }] }],
  ] as const)('at %s has the character that its record names: %s %s', async (host, model, value, sent) => {
    const { request } = await previewOf(host, { model, seconds: 8, characters: [{ name: 'Joe', value }] });
    expect(request.body).toMatchObject(sent);
  });

  it('with pictures alone is not priced as one with clips', async () => {
    const value = 'https://files.example.com/joe.png';
    const characters = [{ name: 'Joe', value, mode: 'image', values: [value] }] as const;
    const model = 'bytedance/seedance-2.0/reference-to-video';
    const { bill } = await previewOf('fal', { model, seconds: 15, characters });
    expect(bill[0]?.each?.usd).toBeCloseTo(15 * 0.303);
  });
});
