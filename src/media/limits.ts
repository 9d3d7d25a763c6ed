/** The numbers of a clip that every host takes. */
export const MIN_SECONDS = 2;
export const MAX_SECONDS = 4;
export const MIN_FPS = 24_000 / 1001;
export const MAX_FPS = 60;
/** Short side of the picture. */
export const MIN_SHORT = 720;
export const MAX_SHORT = 1080;
/** Hosts do not publish a limit; larger uploads fail somewhere. */
export const MAX_BYTES = 50_000_000;
/** A decompression bomb is refused before it is decoded. */
export const MAX_SIDE = 8192;
/** Audio ends this long before the picture: AAC comes in blocks, and the last one must not outlast the video. */
export const AUDIO_MARGIN_SECONDS = 0.05;
/** Read behind the part that is taken: the picture is cut by count, the sound by its filter. */
export const READ_MARGIN_SECONDS = 1;
