import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createH3Host, type H3Host } from '../../helpers/h3-host.ts';
import { makeQuickMachine, type QuickMachine } from '../../helpers/here.ts';
import { bringJoe, fittingJoe } from '../../helpers/joe.ts';

/** A machine with Joe in its cast, at a server of that kind. */
async function withHost(
  kind: 'vllm-omni' | 'sglang',
  options: Parameters<typeof createH3Host>[1] = {},
): Promise<{ host: H3Host; machine: QuickMachine; at: readonly string[] }> {
  const host = await createH3Host(kind, options);
  const machine = makeQuickMachine({ OPENAI_BASE_URL: host.baseUrl });
  await bringJoe(machine.home);
  return { host, machine, at: ['--backend', kind] };
}

const SEND = ['video', 'generate', 'Joe waves.', '-c', 'Joe'] as const;

describe('a video with a character at MiniMax H3 on a server of one’s own', () => {
  it('is told by --dry-run as it would be sent, and nothing is registered first', async () => {
    const { host, machine, at } = await withHost('vllm-omni');
    const { exitCode, stdout, stderr } = await machine.sora([...SEND, ...at, '--dry-run', '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).request.body).toMatchObject({
      ...{ prompt: 'Joe waves. <Subject 1> is Joe, the character in <Video 1>.', width: 1344, height: 768, fps: 24 },
      input_references: [expect.stringMatching(/^<video\/mp4, [0-9a-f]{64}\.mp4>$/)],
    });
    expect(host.seen).toEqual(['GET /v1/models']);
  });

  it('is sent with its clip, as the record keeps it, and once more by resend after a lost answer', async () => {
    const { host, machine, at } = await withHost('vllm-omni', { failures: 1 });
    const lost = await machine.sora([...SEND, ...at, '--aspect', '9:16']);
    expect(lost.exitCode, lost.stderr).toBe(7);
    const sent = await machine.sora(['video', 'resend', '@last', '--json']);
    expect(sent.exitCode, sent.stderr).toBe(0);
    const { request } = JSON.parse(sent.stdout);
    expect(request).toMatchObject({
      size: { width: 768, height: 1344 },
      characters: [{ name: 'Joe', mode: 'clip-inline', value: expect.stringContaining(machine.home) }],
    });
    const asked = { width: '768', height: '1344', seconds: '4', input_references: expect.stringMatching(/^<video/) };
    expect(host.created).toMatchObject([asked, asked]);
    expect(host.created[0]).toEqual(host.created[1]);
    const joe = JSON.parse((await machine.sora(['character', 'show', 'Joe', '--json'])).stdout);
    expect(joe.registrations).toEqual([]);
  });

  it('is refused where the server runs another model', async () => {
    const { host, machine, at } = await withHost('vllm-omni', { model: 'Wan-AI/Wan2.2-T2V-A14B' });
    const { exitCode, stderr } = await machine.sora([...SEND, ...at]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('vllm-omni takes no characters')]);
    expect(host.created).toEqual([]);
  });

  it('goes to SGLang once a setting says where that sees the clips', async () => {
    const { host, machine, at } = await withHost('sglang');
    const refused = await machine.sora([...SEND, ...at]);
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('sora config set clipsAt')]);
    const { clips } = JSON.parse((await machine.sora(['store', 'path', '--json'])).stdout);
    expect((await machine.sora(['config', 'set', 'clipsAt', clips])).exitCode).toBe(0);
    const sent = await machine.sora([...SEND, ...at]);
    expect(sent.exitCode, sent.stderr).toBe(0);
    expect(host.created).toMatchObject([
      {
        conditions: [{ type: 'video', uri: expect.stringContaining(join(clips, '/')), role: 'reference' }],
        target: { short_edge: 768, aspect_ratio: '16:9', duration_seconds: 4 },
      },
    ]);
  });

  it('needs no registration: create keeps the clip, and sync says that there is nothing to do', async () => {
    const { host, machine, at } = await withHost('vllm-omni');
    const made = await machine.sora(['character', 'create', await fittingJoe(), '--name', 'Ann', ...at]);
    expect([made.exitCode, made.stderr]).toEqual([0, expect.stringContaining('travels in the request of each video')]);
    const synced = await machine.sora(['character', 'sync', 'Joe', ...at]);
    expect([synced.exitCode, synced.stderr]).toEqual([2, expect.stringContaining('nobody is registered there')]);
    const adopted = await machine.sora(['character', 'adopt', 'char_1', '--name', 'Mia', ...at]);
    expect([adopted.exitCode, adopted.stderr]).toEqual([2, expect.stringContaining('takes no characters')]);
    expect(host.seen.every((line) => line === 'GET /v1/models')).toBe(true);
  });
});
