/** `sora sandbox serve`: the built-in stand-in as a server of its own. */

import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { makeFolders } from '../disk/atomic-write.ts';
import { MAX_TEXT_BYTES } from '../disk/read-file.ts';
import { reasonFor } from '../disk/system-reason.ts';
import { SANDBOX_KEY } from '../http/redact.ts';
import { HOST_NAMES, type HostName, PROVIDERS } from '../providers/index.ts';
import { PATH_HINT, problemsError, SoraError, systemCode } from '../shared/errors.ts';
import { isNestedDeeper } from '../shared/json.ts';
import { oneLine } from '../shared/text.ts';

export async function runSandboxServe(
  context: Context,
  input: { port?: number; scenario?: string },
): Promise<undefined> {
  const { ui, runtime, paths } = context;
  const scenario =
    input.scenario === undefined ? undefined : await readScenario(resolve(runtime.cwd, input.scenario), runtime.signal);
  const { startSandbox } = await import('../sandbox/server.ts');
  // The sandbox is a host of its own, and knows no sentences for what a disk refuses.
  await makeFolders(paths().sandbox, { mode: 0o700 });
  const { ScenarioError } = await import('../sandbox/faults/scenario.ts');
  const server = await startSandbox({
    stateDir: paths().sandbox,
    ffmpeg: (await context.ffmpeg()).path,
    port: input.port ?? 0,
    ...(scenario !== undefined && { scenario }),
    log: (line) => ui.note(line),
  }).catch((cause: unknown) => {
    if (cause instanceof ScenarioError) {
      throw problemsError('usage', cause.problems, { hint: `Correct ${input.scenario}, then start again.`, cause });
    }
    if (systemCode(cause) === 'EADDRINUSE') {
      throw new SoraError('machine', `Port ${input.port ?? 0} is in use.`, {
        hint: 'Choose another with --port, or leave it out to get a free one.',
        cause,
      });
    }
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SoraError('machine', `The sandbox could not start: ${message}`, {
      hint: 'Choose another port with --port.',
      cause,
    });
  });
  // A host without a dialect does not compile.
  const urls = server.urls satisfies Readonly<Record<HostName, string>>;
  const variables = Object.fromEntries(
    HOST_NAMES.flatMap((name) => {
      const { baseUrlVariable, keyVariable } = PROVIDERS[name];
      return [
        [baseUrlVariable, urls[name]],
        [keyVariable, SANDBOX_KEY],
      ];
    }),
  );
  ui.result({
    json: { url: server.url, urls, env: variables },
    text: Object.entries(variables)
      .map(([name, value]) => `export ${name}=${value}`)
      .join('\n'),
    quiet: [server.url],
  });
  ui.note(`The sandbox listens at ${server.url}. Ctrl-C ends it.`);
  await new Promise<void>((done) => {
    if (runtime.signal.aborted) done();
    else runtime.signal.addEventListener('abort', () => done(), { once: true });
  });
  await server.close();
}

const MOST_LEVELS = 100;

/** Of one that comes out of a pipe. */
const PIPE_MS = 30_000;

async function readScenario(path: string, signal: AbortSignal): Promise<unknown> {
  const [{ readFileOrPipe }, { decodeText }] = await Promise.all([
    import('../disk/bounded-read.ts'),
    import('../disk/decode-text.ts'),
  ]);
  const bounds = { maxBytes: MAX_TEXT_BYTES, timeoutMs: PIPE_MS, signal };
  const { bytes } = await readFileOrPipe(path, bounds).catch((cause: unknown) => {
    signal.throwIfAborted();
    const code = systemCode(cause);
    const reason = code === undefined && cause instanceof Error ? cause.message : reasonFor(code ?? '')[0];
    throw new SoraError('usage', `The scenario ${path} cannot be read: ${reason}.`, { hint: PATH_HINT, cause });
  });
  const text = decodeText(bytes, { called: `The scenario ${path}`, file: path });
  try {
    // biome-ignore lint/plugin: its own message says where the mistake is, and no key stands in a scenario.
    const scenario: unknown = JSON.parse(text);
    if (isNestedDeeper(text, MOST_LEVELS)) throw new Error('it is nested too deeply');
    return scenario;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SoraError('usage', `The scenario ${path} is not JSON: ${oneLine(why, 200)}`, {
      hint: 'A scenario is one JSON object, such as {"version": 1, "use": ["rate-limit"]}.',
      cause,
    });
  }
}
