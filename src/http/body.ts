/** Request bodies as values: they know their length, and can be sent again from the start. */
import { randomBytes } from 'node:crypto';
import { openRegular } from '../disk/read-file.ts';
import { SoraError } from '../shared/errors.ts';

export interface RequestBody {
  readonly contentType: string;
  readonly bytes: number;
  /** A fresh run over the bytes, for each attempt. */
  chunks(): AsyncIterable<Uint8Array>;
}

export type FormPart =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      readonly fileName: string;
      readonly mime: string;
      /** The bytes themselves, or the path of a file that is streamed. */
      readonly content: Uint8Array | string;
    };

/** Small pieces let the sender see that a slow upload still moves. */
const PIECE_BYTES = 64 * 1024;

export function jsonBody(value: unknown): RequestBody {
  return piecewise('application/json', [Buffer.from(JSON.stringify(value))]);
}

/** One file or one run of bytes, as it is. Throws `machine` when a file cannot be read. */
export async function rawBody(contentType: string, content: Uint8Array | string): Promise<RequestBody> {
  return piecewise(contentType, [typeof content === 'string' ? await filePiece(content) : content]);
}

/**
 * A `multipart/form-data` body. Written out here because its exact length must be known, files must stream, and every
 * part must carry its real type. Throws `machine` when a file cannot be read.
 */
export async function formBody(parts: readonly FormPart[]): Promise<RequestBody> {
  const boundary = `----sora${randomBytes(16).toString('hex')}`;
  const pieces: Piece[] = [];
  for (const part of parts) {
    const name = `Content-Disposition: form-data; name="${quoted(part.name)}"`;
    if ('value' in part) {
      pieces.push(Buffer.from(`--${boundary}\r\n${name}\r\n\r\n${part.value}\r\n`));
      continue;
    }
    const head = `${name}; filename="${quoted(part.fileName)}"\r\nContent-Type: ${part.mime}`;
    pieces.push(Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`));
    pieces.push(typeof part.content === 'string' ? await filePiece(part.content) : part.content);
    pieces.push(Buffer.from('\r\n'));
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return piecewise(`multipart/form-data; boundary=${boundary}`, pieces);
}

type Piece = Uint8Array | { readonly path: string; readonly bytes: number };

async function filePiece(path: string): Promise<Piece> {
  try {
    const file = await openRegular(path);
    return {
      path,
      bytes: await file
        .stat()
        .then(({ size }) => size)
        .finally(() => file.close()),
    };
  } catch (cause) {
    throw new SoraError('machine', `${path} cannot be read.`, { hint: 'Check its permissions.', cause });
  }
}

function piecewise(contentType: string, pieces: readonly Piece[]): RequestBody {
  return {
    contentType,
    bytes: pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.byteLength : piece.bytes), 0),
    async *chunks() {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) {
          for (let at = 0; at < piece.byteLength; at += PIECE_BYTES) yield piece.subarray(at, at + PIECE_BYTES);
        } else {
          const file = await openRegular(piece.path);
          yield* file.createReadStream({ highWaterMark: PIECE_BYTES }) as AsyncIterable<Uint8Array>;
        }
      }
    },
  };
}

/** As browsers escape names in a form: https://html.spec.whatwg.org/#multipart-form-data */
function quoted(text: string): string {
  return text.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}
