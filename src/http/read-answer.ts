/** The whole body of an answer, bounded and without keys; of one that breaks off, the id that its beginning names. */
import { SoraError, systemCode } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';
import type { Clock } from '../shared/time.ts';
import { type Answer, ambiguousCreate, checkBaseUrl, isRecord, parseJson, requestIdOf } from './answer.ts';
import { RESET } from './connect.ts';
import type { DecodedReply } from './content-coding.ts';
import { TransportError } from './exchange.ts';
import type { Redact } from './redact.ts';
import type { HttpRequest } from './request.ts';
import { leavesOpen } from './retry.ts';

const MAX_BYTES = 16 * 1024 * 1024;

/** `redact` is for what is shown; `scrub` is for what is read, and leaves keys alone that may be ordinary words. */
export interface Hiding {
  readonly redact: Redact;
  readonly scrub: Redact;
}

/**
 * Throws TransportError, with the id as its `knownId`, when the body breaks off before it is whole; `refused` when it is larger than
 * the request allows, `ambiguous` where that leaves the fate of a create open.
 */
export async function readAnswer(
  reply: DecodedReply,
  request: HttpRequest,
  seen: Hiding & Pick<Answer, 'host' | 'isRedirected'>,
  clock: Clock,
): Promise<Answer> {
  const { host, isRedirected = false, redact, scrub } = seen;
  // Only ever shown, as messages are.
  const id = requestIdOf(reply.headers);
  const requestId = id === undefined ? undefined : redact(id);
  const limit = request.maxBytes ?? MAX_BYTES;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const read = (): string => scrub(Buffer.concat(chunks).toString('utf8'));
  reply.limit();
  try {
    for await (const chunk of reply.body) {
      bytes += chunk.byteLength;
      if (bytes > limit) {
        const message = `The answer of ${host} is larger than ${limit} bytes.`;
        if (request.kind === 'create' && (reply.status < 300 || leavesOpen(reply.status)))
          throw ambiguousCreate(message, requestId);
        throw new SoraError('refused', message, { hint: `${checkBaseUrl(request)}.` });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    const isReset = systemCode(error.cause) === RESET;
    if (!isReset || !isWhole(request, reply.status, read())) {
      if (reply.status < 300) error.knownId = idIn(read(), redact);
      throw error;
    }
  }
  const text = read();
  return {
    status: reply.status,
    headers: reply.headers,
    text,
    requestId,
    receivedAt: clock.now(),
    kind: request.kind,
    host,
    isRedirected,
    ...(request.baseUrl !== undefined && { baseUrl: request.baseUrl }),
    redact,
    ...(reply.unknownCoding !== undefined && { unknownCoding: reply.unknownCoding }),
  };
}

/**
 * Whether what came before a reset is an answer all the same: no part of an object is JSON, and the refusal of a create, which is
 * not asked for again, is in the status. A server that closes without having read all of a request resets the connection behind
 * its last byte.
 */
function isWhole({ kind }: HttpRequest, status: number, text: string): boolean {
  return (kind === 'create' && status >= 400) || isRecord(parseJson(text));
}

/** Of an answer without its end: what of it is whole can be redacted, unlike the rest. */
function idIn(text: string, redact: Redact): string | undefined {
  const [, id] =
    /"id"\s*:\s*"([^"\\]{1,200})"/.exec(text) ??
    /"(?:\w{1,20}_id|predictionID)"\s*:\s*"([^"\\]{1,200})"/.exec(text) ??
    [];
  return id === undefined ? undefined : oneLine(redact(id), 200);
}
