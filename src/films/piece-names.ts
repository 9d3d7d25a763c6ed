/** Where the pieces of films lie, and what they are called: by what each is made of and how. */
import { join } from 'node:path';

export const PIECE_NAME = /^[0-9a-f]{64}\.mp4$/;

/** In the folder of the takes. */
export function piecesFolder(takes: string): string {
  return join(takes, '.pieces');
}
