/**
 * Codings of bodies (gzip and its like, RFC 9110, 8.4). None is asked for, as videos do not shrink and offsets would count
 * coded bytes; proxies and caches apply them all the same, and what they did is undone as it arrives.
 */
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SoraError, systemCode } from '../shared/errors.ts';
import { type Reply, TransportError } from './exchange.ts';

/** A reply whose body is as it was before it was coded. */
export interface DecodedReply extends Reply {
  /** Lengths, offsets and ranges in its headers are of coded bytes. */
  readonly isCoded: boolean;
  /** The coding that cannot be undone: the body is not read then. */
  readonly unknownCoding?: string;
}

/** Of what is no coding, but stands in the header: S3 keeps the first of a file that was uploaded in signed chunks. */
const NONE = new Set(['', 'identity', 'aws-chunked', 'none', 'binary', 'utf-8', 'utf8']);

/** No video shrinks so much. */
const MOST_GROWTH = 20;
/** Decoded bytes for which that is not asked: more than an answer may have that is no stream, which client.ts sees to. */
const SMALL_BYTES = 32 * 1024 * 1024;

/**
 * The reply without its codings. Its body throws TransportError where it is not what its header says, and `refused` where it
 * grows beyond all measure.
 */
export async function decodeReply(reply: Reply, host: string): Promise<DecodedReply> {
  const codings = (reply.headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !NONE.has(coding));
  if (codings.length === 0) return { ...reply, isCoded: false };
  const known = await decoders();
  const unknown = codings.find((coding) => !Object.hasOwn(known, coding));
  if (unknown !== undefined || codings.length > MOST_CODINGS) {
    reply.dispose();
    return { ...reply, body: Readable.from([]), isCoded: true, unknownCoding: unknown ?? codings.join(', ') };
  }
  let coded = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of reply.body) {
      coded += chunk.byteLength;
      yield chunk;
    }
  };
  // The last one named was applied last.
  const decoded = codings.reduceRight<AsyncIterable<Uint8Array>>(
    (body, name) => decode(body, known[name], reply),
    counted(),
  );
  const bounded = async function* (): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of decoded) {
      bytes += chunk.byteLength;
      if (bytes > SMALL_BYTES && bytes > MOST_GROWTH * coded) {
        throw new SoraError(
          'refused',
          `What ${host} sent is compressed, and expands to more than ${MOST_GROWTH} times its size.`,
          {
            hint: 'No video compresses that well. It was not read further: check the base URL, and any proxy between this machine and the host.',
          },
        );
      }
      yield chunk;
    }
  };
  return { ...reply, body: bounded(), isCoded: true };
}

/** One is usual; each is a buffer more. */
const MOST_CODINGS = 3;

interface Decoder {
  /** Of the first bytes; undefined where they are not in this coding: a proxy has undone it and left its name. */
  create(head: Uint8Array): Transform | undefined;
}

/** By the names of codings, of those that this Node knows. */
async function decoders(): Promise<Readonly<Record<string, Decoder>>> {
  const zlib = await import('node:zlib');
  // Since Node 22.15.
  const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Transform };
  const gzip: Decoder = {
    create: ([first, second]) => (first === 0x1f && second === 0x8b ? zlib.createGunzip() : undefined),
  };
  return {
    gzip,
    'x-gzip': gzip,
    deflate: {
      // It is called deflate and has the header of zlib, which some leave out: https://www.rfc-editor.org/rfc/rfc9110#8.4.1.2
      create: ([first = 0, second = 0]) =>
        (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0 ? zlib.createInflate() : zlib.createInflateRaw(),
    },
    br: { create: () => zlib.createBrotliDecompress() },
    ...(createZstdDecompress && {
      zstd: {
        create: ([...head]) =>
          ZSTD_HEAD.every((byte, index) => head[index] === byte) ? createZstdDecompress() : undefined,
      },
    }),
  };
}

const ZSTD_HEAD = [0x28, 0xb5, 0x2f, 0xfd] as const;

async function* decode(
  body: AsyncIterable<Uint8Array>,
  decoder: Decoder | undefined,
  reply: Reply,
): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  try {
    while (head.byteLength < ZSTD_HEAD.length) {
      const { value, done } = await source.next();
      if (done) break;
      head = Buffer.concat([head, value]);
    }
    // A status without a body keeps the header of one.
    if (head.byteLength === 0) return;
    const rest = async function* (): AsyncGenerator<Uint8Array> {
      yield head;
      for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
    };
    const transform = decoder?.create(head);
    if (transform) yield* through(rest(), transform, reply);
    else yield* rest();
  } finally {
    await source.return?.();
  }
}

async function* through(
  body: AsyncIterable<Uint8Array>,
  transform: Transform,
  reply: Reply,
): AsyncGenerator<Uint8Array> {
  // What breaks it off destroys the transform, which throws it below.
  pipeline(Readable.from(body, { highWaterMark: 1 }), transform).catch(() => {});
  try {
    yield* transform as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof TransportError || systemCode(error) === undefined) throw error;
    throw reply.lost(Object.assign(new Error('wrong coding'), { code: 'SORA_WRONG_CODING' }));
  } finally {
    // Whoever stops reading must not wait for what is still to come.
    reply.dispose();
    transform.destroy();
  }
}
