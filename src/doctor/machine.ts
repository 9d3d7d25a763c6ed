/** This machine: Node, ffmpeg with what it was built with, the reader of headers, folders that can be written, proxies. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolder, exists, machineError, removeQuietly, writeTemp } from '../disk/atomic-write.ts';
import { proxyFor, proxyOf } from '../http/proxy.ts';
import { hideUser } from '../http/redact.ts';
import { listParts } from '../media/ffmpeg/find.ts';
import { SoraError } from '../shared/errors.ts';
import type { Workspace } from '../workspace.ts';
import { type Finding, runCheck } from './finding.ts';

const LEAST_NODE: readonly [number, number] = [20, 19];

/** `version` as Node tells it. */
export function nodeFinding(version: string | undefined): Finding {
  const check = 'node';
  if (version === undefined) return { check, ok: false, detail: 'The version is not known.' };
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) {
    return { check, ok: true, detail: version };
  }
  const fix = 'Install Node 22 or later: https://nodejs.org';
  return { check, ok: false, detail: `${version}; ${LEAST_NODE.join('.')} or later is needed`, fix, code: 'machine' };
}

/** Whether there is one that works, and what it can encode and read. */
export async function ffmpegFindings(workspace: Workspace): Promise<Finding[]> {
  const { signal } = workspace.runtime;
  const found = await runCheck('ffmpeg', async () => {
    const { path, version, source } = await workspace.ffmpeg();
    return `${version} at ${path} (from ${source})`;
  });
  if (!found.ok) return [found];
  const ffmpeg = await workspace.ffmpeg();
  const encoder = await runCheck('ffmpeg libx264', async () => {
    const { runProgram } = await import('../media/ffmpeg/run-program.ts');
    const asked = ['-hide_banner', '-h', 'encoder=libx264'];
    const { stdout } = await runProgram(ffmpeg.path, asked, { signal, timeoutMs: 15_000 });
    if (/^Encoder libx264 /m.test(stdout.toString())) return 'can encode H.264';
    throw new SoraError('machine', 'This ffmpeg cannot encode H.264, so no clip can be converted.', {
      hint: 'Point SORA_FFMPEG at an ffmpeg that is built with libx264.',
    });
  });
  const [filters, decoders] = [await listParts(ffmpeg, 'filters', signal), await listParts(ffmpeg, 'decoders', signal)];
  return [
    found,
    encoder,
    ...agedFindings(filters),
    part('ffmpeg zscale', filters.has('zscale'), 'HDR clips', 'zimg (zscale)'),
    part('ffmpeg libvpx', decoders.has('libvpx-vp9'), 'the transparency of WebM clips', 'libvpx'),
  ];
}

/** Told by a filter that came with 5.1: builds name their version in many ways, or not at all. */
function agedFindings(filters: ReadonlySet<string>): Finding[] {
  if (filters.has('blurdetect')) return [];
  return [
    {
      ...{ check: 'ffmpeg age', ok: false },
      detail: 'It is older than 5.1: it may miss damage inside a clip, and the end of some QuickTime animations.',
      fix: 'Point SORA_FFMPEG at ffmpeg 5.1 or later, if you can.',
    },
  ];
}

/** What some builds, and most that are old, cannot do: a remark, because most clips do not need it. */
function part(check: string, ok: boolean, what: string, library: string): Finding {
  if (ok) return { check, ok, detail: `can read ${what}` };
  const fix = `Point SORA_FFMPEG at a newer ffmpeg that is built with ${library}, if you need it.`;
  return { check, ok, detail: `This ffmpeg cannot read ${what}.`, fix };
}

/** Throws what loading it throws. */
export async function loadMediaInfo(): Promise<string> {
  const { openReader } = await import('../media/probe/mediainfo.ts');
  (await openReader()).close();
  return 'loads';
}

/** A folder that is there takes a file for a moment; one that is not is only looked for from above. */
export async function checkWritable({ paths }: Workspace): Promise<string> {
  const folders = [...new Set([paths().config, paths().data, paths().state])];
  for (const folder of folders) {
    try {
      if (await exists(folder)) {
        // Says so when it is no folder at all.
        await ensureFolder(folder);
        await removeQuietly(await writeTemp(folder, 'sora doctor'));
      } else {
        let above = dirname(folder);
        while (!(await exists(above)) && above !== dirname(above)) above = dirname(above);
        await access(above, constants.W_OK);
      }
    } catch (error) {
      throw machineError(error, 'write to', folder);
    }
  }
  return folders.join(', ');
}

/** Those that are set, without passwords. Throws `usage` for one that is no URL. */
export function describeProxies({ runtime }: Workspace): string {
  const { variables, ...proxies } = proxyOf(runtime.env);
  const named = (['https', 'http', 'noProxy'] as const).flatMap((kind) => {
    const value = proxies[kind];
    return value === undefined ? [] : [`${variables?.[kind]}=${hideUser(value)}`];
  });
  // Throws when one of them is not a URL.
  for (const url of ['https://sora.invalid', 'http://sora.invalid']) proxyFor(new URL(url), proxyOf(runtime.env));
  return named.join(', ') || 'none';
}
