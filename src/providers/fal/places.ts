/**
 * Where fal is reached. The vendor has three origins, and the key belongs to all of them; a stand-in or a gateway has them
 * all below its base URL: the queue at its root, uploads at `/storage`, and the platform at `/v1`.
 */
import { trimEnd } from '../../shared/text.ts';

export interface FalPlaces {
  readonly queue: string;
  /** Of uploads: `/storage/upload/...` is below it. */
  readonly storage: string;
  /** Of models, requests and prices: `/models/...` is below it. */
  readonly platform: string;
}

const VENDOR: FalPlaces = {
  queue: 'https://queue.fal.run',
  storage: 'https://rest.fal.ai',
  platform: 'https://api.fal.ai/v1',
};

export const FAL_BASE_URL = VENDOR.queue;

/** `root` is the base URL. */
export function falPlaces(root: string): FalPlaces {
  const base = trimEnd(root, '/');
  if (URL.canParse(base) && new URL(base).origin === VENDOR.queue) return VENDOR;
  return { queue: base, storage: base, platform: `${base}/v1` };
}

const NAMESPACES = ['workflows', 'comfy'];

/** The app of an endpoint, below which its requests are asked about: its id without what follows owner and name. */
export function appOf(endpoint: string): string {
  const parts = endpoint.split('/');
  return parts.slice(0, NAMESPACES.includes(parts[0] ?? '') ? 3 : 2).join('/');
}
