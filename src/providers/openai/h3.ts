/**
 * MiniMax H3 on a server of one's own: the one model behind `/v1/videos` that takes characters there as clips inside of the
 * request. What it takes, whether a server runs it, and what goes into its requests beside the protocol's own fields.
 */

import { basename } from 'node:path';
import { isRecord, parseJson } from '../../http/answer.ts';
import type { Http } from '../../http/client.ts';
import { refusal } from '../../http/errors.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import type { ProviderLimits } from '../limits.ts';
import { H3_CLIPS, PROMPT_CHARS, wholeSeconds } from '../models.ts';
import type { NewVideo } from '../provider.ts';
import { nearestRatio, shortSideOf } from '../ratios.ts';
import { refuseLeftOut, valuesOf } from '../references.ts';
import type { Route } from '../route.ts';
import type { FilePart, VideoFields } from './request.ts';

/** The server's own name for it, wherever it was put: `MiniMaxAI/MiniMax-H3`, `/models/minimax_h3-fp8`. */
export function isH3(model: string): boolean {
  return /minimax[-_. ]?h3/i.test(model);
}

/** 768p: 1280x720 has a side that is no multiple of 32, and is refused. */
const SHORT_SIDE = 768;
const SIDE_MULTIPLE = 32;
const FPS = 24;

export const H3_LIMITS: ProviderLimits = {
  characterInputs: [{ mode: 'clip-inline', marker: '<Video 1>', subject: '<Subject 1>', clips: H3_CLIPS }],
  promptChars: PROMPT_CHARS,
  sizes: [],
  seconds: wholeSeconds(4, 15),
  sizeTerm: 'pixels',
  frame: { shortSide: SHORT_SIDE, sideMultiple: SIDE_MULTIPLE },
  isBinding: false,
};

export interface H3Check {
  /**
   * Whether the server runs it: by the name of the model that is asked for, else by the server's own list, which is read once.
   * Throws as every read does; a server without a list runs something else.
   */
  runs(model: string | undefined, call: Call): Promise<boolean>;
  /**
   * The same for what is only planned: of a server that does not answer, no. A dry run and a job that was made before need
   * no server.
   */
  plansFor(model: string | undefined, call: Call): Promise<boolean>;
  /** Throws `network` before a paid request where a plan took the server for another than it now says to be. */
  confirm(model: string | undefined, call: Call): Promise<void>;
}

export function createH3Check({ http, route }: { http: Http; route: Route }): H3Check {
  let listed: Promise<boolean> | undefined;
  let isAssumed = false;
  async function ask(call: Call): Promise<boolean> {
    const answer = await http.send(route.read(`${route.root}/models`, call));
    if (answer.status === 401 || answer.status === 403 || answer.status >= 500) throw refusal(answer);
    const body = isSuccess(answer) ? parseJson(answer.text) : undefined;
    const models = isRecord(body) && Array.isArray(body.data) ? body.data : [];
    return models.some((model) => isRecord(model) && [model.id, model.root, model.model_path].some(isNameOfH3));
  }
  async function runs(model: string | undefined, call: Call): Promise<boolean> {
    if (model !== undefined) return isH3(model);
    listed ??= ask(call).catch((error: unknown) => {
      listed = undefined;
      throw error;
    });
    return listed;
  }
  return {
    runs,
    plansFor: (model, call) =>
      runs(model, call).catch((error: unknown) => {
        if (!isSoraError(error, 'network')) throw error;
        isAssumed = true;
        return false;
      }),
    async confirm(model, call) {
      if (!isAssumed || !(await runs(model, call))) return;
      throw new SoraError('network', 'The server did not say which model it runs when the request was planned.', {
        hint: 'Nothing was sent. Run the same command again.',
      });
    },
  };
}

function isNameOfH3(name: unknown): boolean {
  return typeof name === 'string' && isH3(name);
}

/** The request of a video that shows characters, to vLLM-Omni: a form in which the clips travel themselves. */
export function vllmH3Fields({ prompt, model, seconds, size, characters, reference }: NewVideo): VideoFields {
  if (reference?.kind === 'url') {
    throw new SoraError('usage', 'vLLM-Omni takes the picture of a video with characters as a file, not by its URL.', {
      hint: 'Download the picture, and name the file.',
    });
  }
  refuseLeftOut(characters, 'clip-inline');
  const clips = valuesOf(characters, 'clip-inline').map(
    (path, index): FilePart => ({ path, mime: 'video/mp4', fileName: `clip-${index + 1}.mp4` }),
  );
  return {
    contentType: 'multipart/form-data',
    fields: {
      prompt,
      ...(model !== undefined && { model }),
      seconds: String(seconds),
      ...{ width: size.width, height: size.height, fps: FPS },
      extra_params: JSON.stringify({ task: 'ref2va', duration: seconds, audio_flow_shift: 3 }),
      input_references: reference ? [...clips, reference] : clips,
    },
  };
}

/** The same to SGLang: JSON, in which clips are named by where the server sees them. */
export function sglangH3Fields(
  { prompt, model, seconds, size, characters, reference }: NewVideo,
  clipsAt: string | undefined,
): VideoFields {
  refuseLeftOut(characters, 'clip-inline');
  const clips = valuesOf(characters, 'clip-inline').map((path) => ({
    ...{ type: 'video', uri: uriOf(path, clipsAt), role: 'reference' },
  }));
  const picture = reference?.kind === 'url' ? reference.url : reference;
  return {
    contentType: 'application/json',
    fields: {
      prompt,
      ...(model !== undefined && { model }),
      seconds: String(seconds),
      task: 'ref2va',
      conditions: picture === undefined ? clips : [...clips, { type: 'image', uri: picture, role: 'reference' }],
      target: { short_edge: shortSideOf(size), aspect_ratio: nearestRatio(size), duration_seconds: seconds },
    },
  };
}

/** Where the server sees a clip of the store: below the place at which it sees the store's folder of clips. */
function uriOf(path: string, clipsAt: string | undefined): string {
  if (clipsAt !== undefined) return `${clipsAt.replace(/\/$/, '')}/${basename(path)}`;
  throw new SoraError('usage', 'SGLang reads clips where it sees them, and no place is set at which it sees yours.', {
    hint:
      'Let the server see the folder of your clips (sora store path), and say where: ' +
      'sora config set clipsAt <https URL of the folder, or its path on the server>',
  });
}
