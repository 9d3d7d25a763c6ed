/** Files of task hosts: signed PUTs and forms at `/storage`, and what can be had without a key at `/files`. */
import { randomUUID } from 'node:crypto';
import type { CallRoute } from '../calls.ts';
import { type Dialect, fileReply, type Incoming, type Reply, readParts } from '../http.ts';
import type { Outputs } from '../render/outputs.ts';
import { newId, type State, type UploadRecord } from '../state.ts';
import { idOfFile, isExpired, publicOrigin } from './references.ts';
import { viewTask } from './tasks.ts';

export interface UploadOptions {
  readonly state: State;
  readonly outputs: Outputs;
  readonly now: () => number;
  /** `http://127.0.0.1:PORT`, once it is known. */
  readonly origin: () => string;
}

export interface NewTicket {
  readonly contentType: string;
  /** Bytes, where they were announced. */
  readonly size?: number;
  readonly untilMs: number;
  /** For so many milliseconds from when the file has come; a week unless given. */
  readonly keepMs?: number;
  /** A place that anybody may read, for so many milliseconds, and whose PUT is signed with nothing but its type. */
  readonly publicMs?: number;
}

export interface NewForm {
  readonly contentType: string;
  readonly untilMs: number;
  /** For so many milliseconds models can read it, and nobody else can. */
  readonly keepMs: number;
}

export interface Uploads {
  /** Where a form goes, and the fields that stand in it before the file. */
  form(wish: NewForm): Promise<{ id: string; url: string; fields: Readonly<Record<string, string>> }>;
  /** Both URLs, and the headers that the PUT must carry. */
  ticket(wish: NewTicket): Promise<{ id: string; putUrl: string; url: string; headers: Record<string, string> }>;
  /** Where the file can be had for a week. */
  store(content: Buffer, contentType: string): Promise<string>;
  readonly storage: Dialect;
  readonly files: Dialect;
}

/** Both are below no host's base URL. */
export const STORE_MOUNTS = [
  {
    base: '',
    mounts: ['/storage'],
    calls: [
      ['upload', 'PUT', /^\/storage\//],
      ['upload', 'POST', /^\/storage\//],
    ] satisfies CallRoute[],
    create: ({ uploads }: { uploads: Uploads }) => uploads.storage,
  },
  {
    base: '',
    mounts: ['/files'],
    calls: [['content', 'GET', /^\/files\//]] satisfies CallRoute[],
    create: ({ uploads }: { uploads: Uploads }) => uploads.files,
  },
];

/** What a form may bring: the least and the most. */
const FORM_BYTES = [512, 200_000_000] as const;

export const UPLOAD_BYTES = 100 * 1024 * 1024;

/** Of every type that the hosts say they take, by the names that their tools have for it. */
const SUFFIXES: Readonly<Record<string, string>> = {
  ...{ 'video/mp4': 'mp4', 'video/quicktime': 'mov', 'video/webm': 'webm', 'video/x-matroska': 'mkv' },
  ...{
    'video/x-msvideo': 'avi',
    'video/x-ms-wmv': 'wmv',
    'video/x-flv': 'flv',
    'video/3gpp': '3gp',
    'video/ogg': 'ogv',
  },
  ...{ 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp', 'image/gif': 'gif', 'image/bmp': 'bmp' },
  ...{ 'image/tiff': 'tiff', 'audio/wav': 'wav', 'audio/x-wav': 'wav', 'audio/mpeg': 'mp3', 'audio/ogg': 'ogg' },
  ...{ 'audio/aac': 'aac', 'audio/flac': 'flac', 'audio/x-flac': 'flac', 'audio/mp4': 'm4a', 'audio/webm': 'weba' },
  ...{ 'audio/opus': 'opus', 'application/octet-stream': 'bin' },
};

/** Also octets: as such the vendors' own tools send every file whose type they do not know. */
export function isUploadType(contentType: string): boolean {
  return Object.hasOwn(SUFFIXES, contentType);
}

/** The same without octets: a part that was sent without its type is the usual mistake. */
export function isMediaType(contentType: string): boolean {
  return isUploadType(contentType) && !contentType.startsWith('application/');
}

export function createUploads({ state, outputs, now, origin }: UploadOptions): Uploads {
  const urlOf = ({ id, contentType }: UploadRecord, at = origin()): string =>
    `${at}/files/${id}.${SUFFIXES[contentType]}`;

  async function put({ path, query, headers, body }: Incoming): Promise<Reply> {
    if (headers.authorization !== undefined || headers['x-api-key'] !== undefined) {
      const words = 'Only one auth mechanism allowed: the URL is signed, and a key has no business here';
      return storageError(400, 'InvalidArgument', words);
    }
    const [, id = ''] = path;
    const ticket = path.length === 2 ? (await state.upload(id))?.ticket : undefined;
    if (!ticket || query.get('token') !== ticket.token) {
      return storageError(403, 'AccessDenied', 'The signature does not fit');
    }
    if (now() >= ticket.untilMs) return storageError(403, 'AccessDenied', 'Request has expired');
    const differs = Object.entries(ticket.headers).find(([name, value]) => headers[name.toLowerCase()] !== value);
    if (differs) return storageError(403, 'SignatureDoesNotMatch', `The header ${differs[0]} is missing or differs`);
    if (ticket.size !== undefined && body.length !== ticket.size) {
      return storageError(400, 'IncompleteBody', `${ticket.size} bytes were announced, ${body.length} came`);
    }
    if (!(await state.fillUpload(id, body, now()))) {
      return storageError(403, 'AccessDenied', 'The signature has been used');
    }
    return { status: 200, body: '' };
  }

  /** As a store takes a form: what is behind the file is not read. */
  async function post(request: Incoming): Promise<Reply> {
    const { path, headers } = request;
    if (headers.authorization !== undefined) {
      return storageError(400, 'InvalidArgument', 'The form is signed, and a key has no business here');
    }
    const [, id = ''] = path;
    const ticket = path.length === 2 ? (await state.upload(id))?.ticket : undefined;
    const parts = await readParts(request);
    if (!parts)
      return storageError(412, 'PreconditionFailed', 'Bucket POST must be of the enclosure-type multipart/form-data');
    const at = parts.findIndex(([name]) => name === 'file');
    const file = parts[at]?.[1];
    if (!(file instanceof File)) return storageError(400, 'InvalidArgument', 'POST requires exactly one file upload');
    if (at < parts.length - 1) return storageError(403, 'AccessDenied', 'The file must be the last field of the form');
    const given = Object.fromEntries(parts.slice(0, at));
    const wrong = Object.entries(ticket?.fields ?? {}).find(([name, value]) => given[name] !== value);
    if (!ticket?.fields || wrong) {
      return storageError(403, 'AccessDenied', `Invalid according to Policy: ${wrong?.[0] ?? 'no such form'}`);
    }
    if (now() >= ticket.untilMs)
      return storageError(403, 'AccessDenied', 'Invalid according to Policy: Policy expired');
    if (file.size < FORM_BYTES[0]) return storageError(400, 'EntityTooSmall', 'The upload is smaller than allowed');
    if (file.size > FORM_BYTES[1]) return storageError(400, 'EntityTooLarge', 'The upload is larger than allowed');
    if (!(await state.fillUpload(id, Buffer.from(await file.arrayBuffer()), now()))) {
      return storageError(403, 'AccessDenied', 'The form has been used');
    }
    return { status: 204, body: '' };
  }

  async function get({ path, query, headers }: Incoming): Promise<Reply> {
    if (headers.host?.startsWith('localhost:') && headers.authorization !== undefined) {
      return storageError(400, 'InvalidArgument', 'This file is for anybody: a key has no business here');
    }
    const id = path.length === 2 ? idOfFile(path[1] ?? '') : '';
    const upload = await state.upload(id);
    const isPublic = upload?.ticket?.fields === undefined;
    if (upload?.storedMs !== undefined && isPublic && !isExpired(upload.storedMs, now(), upload.keepMs)) {
      return fileReply(state.clipPath(id), upload.contentType, headers);
    }
    const job = await state.job(id);
    // What the first host makes is had from its own route, with the key.
    const view = job?.host === undefined ? undefined : viewTask(job, now());
    if (job && view?.made && !job.character && now() < (view.expiresMs ?? 0)) {
      const isSigned = job.fate.linkSeconds !== undefined || query.has('expires');
      if (isSigned && !(now() < Number(query.get('expires')))) {
        return storageError(403, 'AccessDenied', 'Request has expired');
      }
      return fileReply(await outputs.file(job, 'video'), 'video/mp4', headers);
    }
    return storageError(404, 'NoSuchKey', 'The specified key does not exist');
  }

  return {
    async form({ contentType, untilMs, keepMs }) {
      const id = newId('upload');
      const token = randomUUID().replaceAll('-', '');
      const fields = {
        key: `ephemeral/${id}`,
        'Content-Type': contentType,
        policy: randomUUID(),
        'x-amz-signature': token,
      };
      const ticket = { token, headers: {}, untilMs, fields };
      await state.addUpload({ version: 1, id, contentType, ticket, keepMs });
      return { id, url: `${publicOrigin(origin())}/storage/${id}`, fields };
    },
    async ticket({ contentType, size, untilMs, publicMs, keepMs = publicMs }) {
      const id = newId('upload');
      const token = randomUUID().replaceAll('-', '');
      // The second one nobody could guess: it is there for clients that send a list of their own.
      const own = publicMs === undefined ? { 'x-amz-meta-upload': randomUUID() } : {};
      const headers = { 'Content-Type': contentType, ...own };
      const ticket = { token, headers, untilMs, ...(size === undefined ? {} : { size }) };
      const record: UploadRecord = { version: 1, id, contentType, ticket, ...(keepMs !== undefined && { keepMs }) };
      await state.addUpload(record);
      const url = urlOf(record, publicMs === undefined ? origin() : publicOrigin(origin()));
      return { id, putUrl: `${origin()}/storage/${id}?token=${token}`, url, headers };
    },
    async store(content, contentType) {
      const record: UploadRecord = { version: 1, id: newId('upload'), contentType, storedMs: now() };
      await state.addUpload(record, content);
      return urlOf(record);
    },
    storage: storageDialect({ PUT: put, POST: post }),
    files: storageDialect({ GET: get }),
  };
}

function storageDialect(methods: Readonly<Record<string, (request: Incoming) => Promise<Reply>>>): Dialect {
  return {
    async answer(request) {
      const handle = methods[request.method];
      if (!handle) {
        return storageError(405, 'MethodNotAllowed', `Only ${Object.keys(methods).join(' and ')} is allowed here`);
      }
      try {
        return await handle(request);
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        return storageError(500, 'InternalError', `The sandbox failed: ${words}`);
      }
    },
    refusal: (status, message) => storageError(status, 'InvalidRequest', message),
  };
}

/** As object stores answer. */
function storageError(status: number, code: string, message: string): Reply {
  const plain = message.replace(/[<>&]/g, ' ');
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${plain}</Message></Error>`,
  };
}
