// What the measured commands find: a home of many records, and clips.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const MINUTE = 60_000;
const BEGAN = Date.parse('2026-09-01T00:00:00Z');

/** Finished jobs, as a year of work leaves them. */
export function writeJobs(home, count, { status = 'succeeded', baseUrl = 'https://gateway.example.com/v1' } = {}) {
  const dir = join(home, 'jobs');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ids = [];
  for (let index = 0; index < count; index++) {
    const at = BEGAN + index * MINUTE;
    const id = `job_${at.toString(36).padStart(9, '0')}${index.toString(36).padStart(6, '0')}`;
    ids.push(id);
    const createdAt = new Date(at).toISOString();
    const prompt = `Joe waves at the sea, take ${index}. The wind is strong and the light is low.`;
    const job = {
      version: 1,
      id,
      provider: 'openai',
      baseUrl,
      profile: 'default',
      model: 'sora-2',
      remoteId: `video_${sha256(id).slice(0, 32)}`,
      request: {
        prompt,
        model: 'sora-2',
        seconds: 4,
        size: { width: 1280, height: 720 },
        characters: [{ name: 'Joe', value: 'char_123' }],
      },
      fingerprint: sha256(prompt),
      characters: ['Joe'],
      status,
      ...(status === 'running' && { progress: 10 }),
      ...(status === 'succeeded' && {
        progress: 100,
        outputPath: `/home/joe/videos/${id}.mp4`,
        outputSha256: sha256(`video ${id}`),
        result: { model: 'sora-2', size: '1280x720', seconds: 4 },
      }),
      cost: { estimateUsd: 0.4, asOf: '2026-09-24', source: 'the vendor’s price page' },
      createdAt,
      updatedAt: createdAt,
    };
    writeFileSync(join(dir, `${id}.json`), `${JSON.stringify(job, null, 2)}\n`, { mode: 0o600 });
  }
  return ids;
}

export function writeCharacters(home, count) {
  const dir = join(home, 'characters');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (let index = 0; index < count; index++) {
    const name = `Joe ${index}`;
    const createdAt = new Date(BEGAN + index * MINUTE).toISOString();
    const character = {
      version: 1,
      name,
      master: { sha256: sha256(`clip ${name}`), seconds: 4, width: 1280, height: 720, fps: 24, bytes: 635_920 },
      source: { fileName: 'joe.mp4', sha256: sha256(`source ${name}`) },
      options: { start: null, duration: null, fit: 'pad', orientation: 'auto', resolution: 'auto', audio: true },
      planVersion: 1,
      registrations: [
        {
          provider: 'openai',
          baseUrl: 'https://gateway.example.com/v1',
          orientation: 'landscape',
          kind: 'id',
          value: `char_${index}`,
          name,
          createdAt,
        },
      ],
      createdAt,
    };
    // Records are named by a hash of the name's identity.
    const file = `${sha256(name.toLowerCase()).slice(0, 32)}.json`;
    writeFileSync(join(dir, file), `${JSON.stringify(character, null, 2)}\n`, { mode: 0o600 });
  }
}

/**
 * Makes an MP4 large as a camera does: its media box grows, its index stays behind it. The new part is a hole, so the disk
 * stays as it is. The file must have `free` before `mdat` and `moov` last, as ffmpeg writes without `+faststart`.
 */
export async function enlarge(path, bytes) {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const boxes = [];
    for (let at = 0; at < size; ) {
      const head = Buffer.alloc(8);
      await file.read(head, 0, 8, at);
      boxes.push({ kind: head.toString('latin1', 4), at, length: head.readUInt32BE(0) });
      at += head.readUInt32BE(0);
    }
    const [free, mdat, moov] = ['free', 'mdat', 'moov'].map((kind) => boxes.find((box) => box.kind === kind));
    if (!free || !mdat || !moov || free.length !== 8 || mdat.at !== free.at + 8)
      throw new Error('not laid out as needed');
    const index = Buffer.alloc(moov.length);
    await file.read(index, 0, moov.length, moov.at);
    const head = Buffer.alloc(16);
    head.writeUInt32BE(1, 0);
    head.write('mdat', 4, 'latin1');
    head.writeBigUInt64BE(BigInt(moov.at - free.at + bytes), 8);
    await file.write(head, 0, 16, free.at);
    await file.truncate(moov.at);
    await file.truncate(moov.at + bytes);
    await file.write(index, 0, index.length, moov.at + bytes);
  } finally {
    await file.close();
  }
}
