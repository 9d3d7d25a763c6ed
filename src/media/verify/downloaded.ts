/** What came from a host, before anybody has it: a whole video whose pictures decode, or a picture. */
import { open } from 'node:fs/promises';
import { SoraError } from '../../shared/errors.ts';
import type { Size } from '../../shared/geometry.ts';
import type { Variant } from '../../shared/job.ts';
import type { Ffmpeg } from '../ffmpeg/find.ts';
import type { MediaInfo } from '../info.ts';
import type { VideoLook } from '../judge/video-look.ts';
import { sniffImage } from '../picture/formats.ts';
import { chosenTrack, readContainer } from '../probe/container.ts';
import { probeMedia } from '../probe/probe.ts';
import { checkDecodeIntegrity, type DecodeIntegrity } from './decode-errors.ts';

/** What is in a downloaded file, measured. */
export interface VideoFacts extends Size {
  readonly seconds: number;
  /** By its headers. */
  readonly frames?: number;
  readonly fps?: number;
  readonly audio?: boolean;
  /** The `avcC` box of MP4, in hex. */
  readonly avcC?: string;
}

/** Empty for what is no video. */
export interface DownloadedFacts extends Partial<DecodeIntegrity> {
  readonly facts?: VideoFacts;
}

/** Throws `unverified` for what is no picture, or no whole video; a whole one whose pictures are damaged is an answer. */
export async function checkDownloaded(
  path: string,
  {
    variant,
    ffmpeg,
    signal,
    isMeasured = false,
  }: {
    variant: Variant;
    ffmpeg: Promise<Ffmpeg | undefined> | undefined;
    signal: AbortSignal;
    /** Whether what the pictures show is measured as well. */
    isMeasured?: boolean;
  },
): Promise<DownloadedFacts> {
  if (variant !== 'video') {
    await checkPicture(path, variant);
    return {};
  }
  const info = await readVideo(path, signal);
  return checkVideo(path, info, { ffmpeg: await ffmpeg, signal, isMeasured });
}

/** The same of a video that is here. Throws `unverified` when it is not whole or not a video. */
export async function measureVideo(
  path: string,
  { ffmpeg, signal }: { readonly ffmpeg: Ffmpeg; readonly signal: AbortSignal },
): Promise<DownloadedFacts & { readonly facts: VideoFacts }> {
  return checkVideo(path, await readVideo(path, signal), { ffmpeg, signal, isMeasured: true });
}

async function checkVideo(
  path: string,
  info: WithPicture,
  { ffmpeg, signal, isMeasured }: { ffmpeg: Ffmpeg | undefined; signal: AbortSignal; isMeasured: boolean },
): Promise<DownloadedFacts & { readonly facts: VideoFacts }> {
  if (!ffmpeg) return { facts: factsOf(info), decoded: false };
  const look = isMeasured ? await lookAt(info, ffmpeg) : undefined;
  return { facts: factsOf(info), ...(await checkDecodeIntegrity(path, { info, ffmpeg, signal, look })) };
}

async function lookAt({ video }: WithPicture, { lavfi: [major, minor] = [0, 0] }: Ffmpeg): Promise<VideoLook> {
  const { createVideoLook } = await import('../judge/video-look.ts');
  // Since ffmpeg 5.1.
  return createVideoLook(video, { blocks: major > 8 || (major === 8 && minor >= 44) });
}

async function checkPicture(path: string, variant: Variant): Promise<void> {
  const file = await open(path);
  try {
    const head = new Uint8Array(64);
    await file.read(head, 0, head.length, 0);
    if (sniffImage(head) === undefined)
      throw new SoraError('unverified', `What the host sent as ${variant} is not a picture.`);
  } finally {
    await file.close();
  }
}

/** Reads the container of a saved video. Throws `unverified` when it is not whole or not a video. */
export async function verifyDownload(path: string, signal: AbortSignal): Promise<VideoFacts> {
  return factsOf(await readVideo(path, signal));
}

type WithPicture = MediaInfo & { readonly video: NonNullable<MediaInfo['video']>; readonly avcC?: string | undefined };

async function readVideo(path: string, signal: AbortSignal): Promise<WithPicture> {
  await checkWhole(path);
  const info = await probeMedia(path, { signal }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw new SoraError('unverified', 'What the host sent is not a video that can be read.', { cause });
  });
  const { video } = info;
  if (!video) throw new SoraError('unverified', 'What the host sent has no picture.');
  return { ...info, video, avcC: await avcCOf(path) };
}

function factsOf({ video, seconds, audio, avcC }: WithPicture): VideoFacts {
  const { width, height, frames, fps } = video;
  return {
    ...{ width, height, seconds: seconds ?? video.seconds ?? 0, audio: audio !== undefined },
    ...(frames !== undefined && { frames }),
    ...(fps !== undefined && { fps }),
    ...(avcC !== undefined && { avcC }),
  };
}

async function avcCOf(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const header = await readContainer(file, (await file.stat()).size);
    return header?.tracks[chosenTrack(header)]?.avcC;
  } finally {
    await file.close();
  }
}

/** An MP4 is whole when its boxes fill it exactly and both the index (moov) and the media (mdat) are there. ISO/IEC 14496-12, 4.2. */
async function checkWhole(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const header = new DataView(new ArrayBuffer(16));
    const kinds = new Set<string>();
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(header, 0, 16, at);
      const kind = String.fromCharCode(...new Uint8Array(header.buffer, 4, 4));
      // WebM and other containers have no boxes; their reader has to find out.
      if (at === 0 && kind !== 'ftyp') return;
      const short = header.getUint32(0);
      const length = short === 1 ? Number(header.getBigUint64(8)) : short === 0 ? size - at : short;
      if (bytesRead < 8 || length < 8 || at + length > size) throw new SoraError('unverified', 'The video is cut off.');
      kinds.add(kind);
      at += length;
    }
    // Fragments (moof) bring their media in the same kind of box.
    if (!kinds.has('moov') || !kinds.has('mdat')) throw new SoraError('unverified', 'The video is not complete.');
  } finally {
    await file.close();
  }
}
