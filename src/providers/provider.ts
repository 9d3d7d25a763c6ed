/**
 * The contract that every host adapter keeps.
 *
 * An adapter is one object. It translates between our terms and one wire format, and nothing else: it does not read
 * settings, print, write files, wait or decide. It throws SoraError:
 *
 * - `auth`: 401, or 403 that is about the key. `budget`: quota or credit. `policy`: content moderation.
 * - `refused`: any other definite no (4xx). `network`: nothing reached the host. `interrupted`: the signal was aborted
 *   before anything was sent.
 * - `ambiguous`: a create may have been carried out and the answer is lost, unreadable or without an id. It is never
 *   repeated by anyone below the command line.
 * - `pending`: a character's task goes on at the host, and the wait for it has ended.
 *
 * What is optional here is a capability that not every host has; a command that needs it then says so.
 *
 * Ids are strings from the wire on. Texts from the host are passed on as they are; the ui cleans them.
 */

import type { Http } from '../http/client.ts';
import type { Content, ContentRequest } from '../http/ranged-content.ts';
import type { Call } from '../http/request.ts';
import type { ImageMime } from '../shared/clip.ts';
import type { Size } from '../shared/geometry.ts';
import type { Derivation, JobFailure, Variant } from '../shared/job.ts';
import type { ExtensionLimits, ProviderLimits } from './limits.ts';
import type { ModelFacts } from './models.ts';
import type { CharacterInput, CharacterReference } from './references.ts';

export interface ProviderOptions {
  /** Normalised, or `sandbox:`: what records are matched by. */
  readonly baseUrl: string;
  /** Where requests really go, when that is not the base URL. */
  readonly url?: string | undefined;
  readonly key: string | undefined;
  readonly backend: Backend | undefined;
  /** Where a server of one's own sees the folder of clips of the store: an https URL, or a path there. */
  readonly clipsAt?: string | undefined;
  readonly http: Http;
  /** Between two looks at work that a command has to see finished; rejects when aborted. Real time unless given. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Where documents of hosts are kept that change seldom; nowhere unless given. */
  readonly documents?: DocumentCache;
  /** After so many days an uploaded file goes, where a host lets that be said. */
  readonly uploadDays?: number | undefined;
}

/** Texts by any names, kept for a day. Neither call throws. */
export interface DocumentCache {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/** Servers of `/v1/videos` whose differences are known; `json` is any that takes no forms, such as new-api. */
export type Backend = 'openai' | 'azure' | 'litellm' | 'vllm-omni' | 'sglang' | 'json';
export const BACKENDS: readonly Backend[] = ['openai', 'azure', 'litellm', 'vllm-omni', 'sglang', 'json'];

/** A call about a job, with what its record knows of the place where it is asked about. */
export interface JobCall extends Call {
  /** That it was sent to. */
  readonly model?: string | undefined;
  /** As its host has told it: `RemoteVideo.pollUrl`. */
  readonly pollUrl?: string | undefined;
}

/** For so many milliseconds a host may not know everywhere what it has just begun: a 404 before that proves nothing. */
export const SETTLING_MS = 120_000;

export interface Provider {
  /** That of its row in the table of providers. */
  readonly name: string;
  /** Normalised, or `sandbox:`: what registrations and jobs are matched by. */
  readonly baseUrl: string;
  readonly backend: Backend | undefined;
  /**
   * Of a model; undefined is the default model. A model that is not in the table has the limits of its family, or those that
   * its host publishes, which is asked then and throws as every read does.
   */
  limits(model: string | undefined, call: Call): Promise<ProviderLimits>;
  /** Sent when the user names none; undefined where the server knows best (it serves one model, or names deployments). */
  readonly defaultModel: string | undefined;

  /** Where a model takes characters by id. */
  readonly characters?: CharacterCalls;
  /** Where a model takes clips by URL. */
  readonly clips?: ClipCalls;

  /**
   * The exact request that `createVideo` would send, without a key and with binary parts described. Sends nothing, and asks the
   * host for no more than `limits` does. Throws `usage` for what the model cannot be asked for.
   */
  describeVideo(input: NewVideo, call: Call): Promise<WireRequest>;
  createVideo(input: NewVideo, call: Call): Promise<RemoteVideo>;
  /**
   * What the account has used, by the host's own counters; undefined is the default model. Read before a create, they tell
   * later whether one whose answer was lost has made something: where a host keeps counters, and no list.
   */
  usage?(model: string | undefined, call: Call): Promise<AccountUsage>;
  /**
   * What the host says that `createVideo` would cost, in US dollars; undefined when it does not say. Asking is free.
   * Only where the host has a call for it.
   */
  price?(input: NewVideo, call: Call): Promise<number | undefined>;
  /** A job is not to be asked about more often than every so many milliseconds, whatever the user says. */
  readonly leastPollMs?: number;
  /** Undefined when the host does not know the id (404). */
  getVideo(remoteId: string, call: JobCall): Promise<RemoteVideo | undefined>;
  /** Streams the bytes; from `offset` on when the host resumes (status 206), else from 0. */
  openContent(
    remoteId: string,
    request: ContentRequest & { readonly variant: Variant },
    call: JobCall,
  ): Promise<Content>;

  /** Where videos can be made from finished ones. */
  readonly derive?: DerivationCalls;
  /** One page of the host's videos, newest first; of a host that lists by model, of those of one model. */
  list?(page: PageRequest, call: Call): Promise<VideoPage>;
  /** The host lists what was sent to one model, and of that what it has begun to make: what is missing proves nothing. */
  readonly listsBy?: 'model';
  /** What is known of a model, with what its host itself publishes, which is asked then. Only where a host publishes that. */
  describeModel?(id: string, call: Call): Promise<DescribedModel>;
  /**
   * Deletes a finished video. False when the host does not know the id, or no longer; throws `refused` when the video is
   * still there afterwards.
   */
  remove?(remoteId: string, call: JobCall): Promise<boolean>;
  /**
   * Asks the host to stop a job that was seen going on just now: of one that is over, a host may take it for `remove`. True when
   * it took the request, which is not yet the end of the job; false when the host does not know the id.
   */
  cancel?(remoteId: string, call: JobCall): Promise<boolean>;
  /** `cancel` deletes a job that has ended just before: nobody can tell which of the two it has met once the job is gone. */
  readonly cancelDeletes?: boolean;
}

/** What an account has used, at one moment. */
export interface AccountUsage {
  /** Videos of one model that it has made today, by the host's own day. */
  readonly made: number;
  /** Credit that is left, in US dollars. */
  readonly balanceUsd: number;
}

/** Characters that the host knows by ids. */
export interface CharacterCalls {
  /** False of a host that only may take them in videos: that deserves a warning, because hosts drop them silently. */
  readonly isDocumented: boolean;
  /**
   * A host that makes them by tasks is waited for; once `onPending` was told of the task, only its own failure is thrown as
   * a definite no.
   */
  create(input: NewCharacter, call: CharacterCall): Promise<RemoteCharacter>;
  /**
   * Waits on for a task that `onPending` was told of. Undefined when the host does not know it (any more); throws
   * `refused`, `policy` or `budget` only where the task itself has failed. Only where characters are made by tasks.
   */
  resume?(taskId: string, call: Call): Promise<RemoteCharacter | undefined>;
  /** The exact request that `create` would send, without a key and with the clip described. Pure. */
  describe?(name: string): WireRequest;
  /** Undefined when the host does not know the id; throws `usage` where it turns out that it cannot be asked. */
  get?(id: string, call: Call): Promise<RemoteCharacter | undefined>;
}

/** Clips and pictures that models read where they lie. */
export interface ClipCalls {
  /** Brings a file to where the host's models can read it. */
  upload(input: NewClip, call: Call): Promise<UploadedClip>;
  /**
   * Whether an uploaded clip still lies at its URL: asked without a key, for one byte. Undefined when that cannot be
   * told. Throws only when aborted.
   */
  has(url: string, call: Call): Promise<boolean | undefined>;
  /** Anybody who has its address can read what is uploaded, for that long: `7 days`. */
  readonly isPublicFor?: string;
}

/** Videos that are made from finished ones. */
export interface DerivationCalls {
  /** What an extension may be, where that is known. */
  readonly extensions?: ExtensionLimits;
  /** The exact request that `create` would send, without a key. Pure. */
  describe(input: NewDerivation): WireRequest;
  /** Makes a new, paid video: a create, with everything that is true of one. */
  create(input: NewDerivation, call: Call): Promise<RemoteVideo>;
}

/** Whether the host takes characters in any way: by calls of its own, or, where the inputs of a model are given, inside of a request. */
export function takesCharacters(
  { characters, clips }: Pick<Provider, 'characters' | 'clips'>,
  inputs: readonly CharacterInput[] = [],
): boolean {
  return characters !== undefined || clips !== undefined || inputs.some(({ mode }) => mode === 'clip-inline');
}

export interface NewDerivation {
  readonly kind: Derivation;
  /** The host's id of the video that the new one is made from. */
  readonly videoId: string;
  readonly prompt: string;
  /** What an extension adds. */
  readonly seconds?: number;
}

export interface PageRequest {
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
  /** Nothing older is wanted, in milliseconds since the epoch; what is told may be older by what clocks differ. */
  readonly sinceMs?: number;
  /** At a host that lists by model; the default model unless given. */
  readonly model?: string | undefined;
}

/** A model with the names of its inputs, as a host publishes them. */
export interface DescribedModel extends ModelFacts {
  readonly inputs: object;
}

export interface VideoPage {
  readonly videos: readonly RemoteVideo[];
  /** Undefined on the last page. */
  readonly next?: string;
  /** The list leaves the prompts out, and `getVideo` tells them. */
  readonly promptsElsewhere?: boolean;
  /** What the host's clock said with this page (its `Date`), in milliseconds since the epoch, to the second. */
  readonly hostNow?: number;
}

/** What a create that may be paid for tells its caller while it runs. Both are awaited, and what they throw ends the call. */
export interface CharacterCall extends Call {
  /** Right before the request leaves that makes the character; what was uploaded before it costs nothing. */
  readonly onSend?: () => Promise<void>;
  /** The moment that the host's task has an id. */
  readonly onPending?: (taskId: string) => Promise<void>;
}

export interface NewCharacter {
  readonly name: string;
  /** Path of the master: an MP4. */
  readonly clipPath: string;
  readonly fileName: string;
}

/** A clip, or a picture of a character. */
export interface NewClip {
  /** Path of the file. */
  readonly clipPath: string;
  readonly fileName: string;
  /** An MP4 unless given. */
  readonly mime?: ImageMime;
}

export interface UploadedClip {
  readonly url: string;
  /** ISO 8601, where the host deletes it at a known time. */
  readonly expiresAt?: string;
}

export interface RemoteCharacter {
  readonly id: string;
  /** The name as the host knows it; undefined when it does not say. */
  readonly name: string | undefined;
}

export interface NewVideo {
  readonly prompt: string;
  readonly model: string | undefined;
  readonly seconds: number;
  readonly size: Size;
  /** In the order given. */
  readonly characters: readonly CharacterReference[];
  readonly reference: Reference | undefined;
}

export type Reference =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly mime: ImageMime; readonly fileName: string }
  | { readonly kind: 'url'; readonly url: string };

export interface WireRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly contentType: 'application/json' | 'multipart/form-data';
  /** JSON body, or the form's fields by name; a file part reads `<image/png, 12345 bytes>`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What of it is settled only when the host is asked, as a sentence. */
  readonly note?: string;
}

export interface RemoteVideo {
  readonly id: string;
  /** `unknown` for a word that is none of the protocol's: it keeps polling. */
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed' | 'expired' | 'cancelled' | 'unknown';
  /** The host's own word. */
  readonly remoteStatus: string;
  /** 0 to 100, when the host says. */
  readonly progress?: number;
  /** How many jobs wait before it, when the host says. */
  readonly queuePosition?: number;
  /** It is not in the queue yet: its account runs as many jobs as it may. */
  readonly isThrottled?: boolean;
  /** Where the host says that it is asked about, as an address of the base URL's origin; only where its id does not tell. */
  readonly pollUrl?: string;
  readonly failure?: JobFailure;
  readonly model?: string;
  /** As the host writes it. */
  readonly size?: string;
  readonly seconds?: number;
  readonly prompt?: string;
  /** The most that the host may charge, in US dollars, where it says so of the job itself. */
  readonly estimateUsd?: number;
  /** What the host charged, in US dollars, once the job is over and the host tells: of one that has failed too. */
  readonly costUsd?: number;
  /** ISO 8601, by the host's clock. */
  readonly createdAt?: string;
  readonly completedAt?: string;
  readonly expiresAt?: string;
  /** When the host asks for the next poll not before so many milliseconds. */
  readonly pollAfterMs?: number;
}
