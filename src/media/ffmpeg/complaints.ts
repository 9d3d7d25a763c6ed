/** What ffmpeg says of a stream that it decodes, and which of it tells of damage. Pure. */

/**
 * What a decoder calls an error in its stream, or conceals. The readers of MP4 and Matroska have commas in their names, and
 * are not listened to; those with a plain name (`avi`, `ogg`, `flv`, `mpegts`) are, as decoders are.
 */
const COMPLAINT = /^\[(?!null |swscaler )[\w-]+ @ \w+\] \[(?:(?:error|fatal|panic)\]|info\] concealing )/;

/** Said of whole pictures too: at the beginning of a cut-out clip, and of words that travel beside the pictures. */
const HARMLESS = /mmco|\bSEI\b|[Rr]eference (?:picture|frame)|[Cc]o located/;

/** Said of what comes before the first keyframe, where decoding does not begin with one. None of it is shown. */
const BEFORE_KEYFRAME =
  /non-existing [PS]PS|decode_slice_header|no frame!|PPS id out of range|[Pp]arameter set|ref with POC|undecodable NALU|RPS|Invalid frame dimensions|[Kk]eyframe|references are available/;

/** ffmpeg's word that its inputs are open. */
const OPENED = /^(?:\[info\] )?Stream mapping:/;

/** Whether what is said from here on is said of the streams that are used. */
export function isOpened(line: string): boolean {
  return OPENED.test(line);
}

/** What was said of the streams that are used; all where nothing was opened. Files are opened by decoding a little of every stream. */
export function afterOpening(lines: readonly string[]): readonly string[] {
  return lines.slice(lines.findIndex(isOpened) + 1);
}

export interface Listening {
  /** Decoding begins inside a group of pictures, and nothing before its first keyframe is used. */
  readonly isInside?: boolean;
}

/** The lines of `-loglevel level+info` that tell of damage. */
export function decoderComplaints(lines: readonly string[], { isInside = false }: Listening = {}): string[] {
  return lines.filter(
    (line) => COMPLAINT.test(line) && !HARMLESS.test(line) && !(isInside && BEFORE_KEYFRAME.test(line)),
  );
}

/** Of the same lines those that say what is wrong: errors, and what decoders conceal. */
export function isSevere(line: string): boolean {
  return !/^(?:\[[^\]]+ @ \w+\] )?\[(?:info|warning|verbose)\]/.test(line) || COMPLAINT.test(line);
}
