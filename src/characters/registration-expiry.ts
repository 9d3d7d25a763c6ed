/** Until when a registration, or the upload of a picture, may be sent. Pure. */
import type { Registration } from '../shared/character.ts';

/** A URL that ends while the host still reads the request is no use. */
const EXPIRY_MARGIN_MS = 10 * 60_000;

/** Whether it may be sent now: its host has not forgotten it (stale.ts), and it does not end in the next minutes. */
export function isLiving({ stale, expiresAt }: Pick<Registration, 'stale' | 'expiresAt'>, nowMs: number): boolean {
  return stale !== true && (expiresAt === undefined || Date.parse(expiresAt) > nowMs + EXPIRY_MARGIN_MS);
}
