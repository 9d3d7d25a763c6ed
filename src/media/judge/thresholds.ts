/**
 * Every quality threshold of `clip inspect`, `clip prepare` and `--start auto`, and the clips that it was calibrated on.
 * Seconds are of the clip's own time, lengths shares of the picture, so that neither frame rate nor size counts. Pure.
 */

export type Level = 'good' | 'remark' | 'problem';

/** What is said of a quality: how good it is, and the word for it. */
export interface Verdict {
  readonly level: Level;
  readonly word: string;
}

export const THRESHOLDS = {
  /** Edges in px of at most 1280 (blurdetect). A cartoon 3.5, a webcam of 640x360 4.4; blurred by sigma 4: 720p 6, the webcam 8.2. */
  sharpness: { remark: 5.5, problem: 8 },
  /** Luma, 16 to 235. A fifth of the light: mean 42, brightest tenth 51; a lit face in the dark 40, 160; an evening 62, 110. */
  dark: { problem: { mean: 50, high: 90 }, remark: { mean: 70, high: 130 } },
  /** Luma. Two and a half times the light: darkest tenth 235; a face before a white wall 60; against the sun: mean 205. */
  bright: { problemLow: 190, remarkMean: 200 },
  /**
   * Luma from the 5th to the 95th percentile, in per cent of 219, where neither black nor white is reached. Bottles before a
   * white wall 38, a bird at a feeder 65, a cartoon 63 to 76; the last three with 0.4 to 0.5 of their contrast 28 to 32.
   */
  flat: { remark: 36, problem: 20, above: 26, below: 205 },
  /**
   * Of the usual spread of luma: what a fade has less of at its end, and what it reaches. A cartoon has 0.9 and more throughout,
   * faded in over 1.5 s it begins with 0 and is whole at 1.3 s. Seconds that are a problem rather than a remark.
   */
  fade: { faded: 0.5, whole: 0.8, problemSeconds: 0.5 },
  /**
   * Of a change from one picture to the next: times the largest within 0.2 s of it, and share of the contrast. Of 66 cuts
   * between drawn portraits, swaying and with noise, all are found at the whole and at half the light at 8 and 25 fps, and
   * nothing else; whipped pans of two widths in 0.15 to 0.8 s at 15 to 30 fps and a flash are none.
   */
  cut: { stands: 2, share: 0.12, seconds: 0.2, leastContrast: 12 },
  /**
   * Change in an eighth of a second, in per cent of the contrast, and the camera's speed in per cent of the long side a second.
   * One frame again and again 0; bottles 1; a bird at a feeder 1.4 to 1.9 and cartoons 2.7 to 5.4 at 5 to 30 fps, with strong
   * noise 8.8; a pan of 30 % a second 17; static 42 to 44, compressed to a blur 17. `noise` is of `temporalDisorder`: noise in blocks
   * of 1 to 64 px 0.99 to 1.02, at a bit rate that it starves at 0.98; a wild shake 0.87, a pan of 200 % a second 0.65, a clip at
   * 8 fps 0.1, with strong noise on it 0.15. It goes on where `disorder` stays above `noisy`.
   */
  motion: { still: 0.15, hardly: 0.8, much: 15, tooMuch: 24, camera: 5, noise: 0.93, noisy: 0.4 },
  /**
   * The range over which the picture swings about a smooth path, in per cent of its long side. Pans of 30 % a second at 8 to
   * 30 fps 0 to 0.1; a hand that sways 1 % each way at 1.5 Hz 1 to 1.4; a shake of 18 px in 1280 1.8 at 8 fps, 3.7 at 12 and 25.
   */
  steadiness: { remark: 0.9, problem: 1.8 },
  /** Share of the frame, in per cent. A line or two below 1; a picture of 1.8:1 2; 2.39:1 26; 4:3 25. */
  bars: { remark: 1, problem: 5 },
  /** Times that the picture is enlarged. 1100x619 1.16, 640x360 2, 320x240 3. */
  size: { told: 1.02, remark: 1.25, problem: 2.5 },
  /**
   * Luma that differs from the picture that a stretch began with, in the mean and in a block of 8 px in 320, and seconds of it
   * that are told. One picture again and again 0, encoded anew with a keyframe each half second 0.9 and 1.9; in a second of
   * bottles at rest 0.8 and 4.4, of a balloon that drifts 1.8 and 65.
   */
  frozen: { luma: 1.2, blockLuma: 3, seconds: 1 },
  /** Luma below which all but the brightest twentieth lies, and seconds of it: a fade from black takes 0.2 s to pass that. */
  black: { p95: 32, seconds: 0.5 },
  /** `blockdetect`: videos 1.4 to 7.4, drawn ones 11, those of broken models 216 and more. Drawings of few pixels are blocks. */
  blocky: { value: 60, leastSide: 200 },
  /** Bits of 64 in the mean of eight frames: a video that was encoded anew below 1, different ones 21 to 38. */
  same: 4,
  /** RMS level in dB: speech -20, a whisper -45. */
  sound: { quiet: -40 },
} as const;

/** Between which values a quality goes from worthless to as good as can be, for the score of `--start auto`. */
export const SCORE = {
  /** Widths of edges: as THRESHOLDS.sharpness. */
  blur: { none: 12, full: 4.5 },
  /** Fineness of edges, where the build cannot measure widths: a sharp clip 0.45, the same blurred 0.2. */
  detail: { none: 0.1, full: 0.5 },
  dark: { none: 30, full: 75 },
  bright: { none: 228, full: 190 },
  still: { none: 0.1, full: 1.5 },
  lively: { none: 40, full: 15 },
  shaking: { none: 2.5, full: 0.6 },
} as const;

export function sharpnessVerdict(pixels: number): Verdict {
  const { remark, problem } = THRESHOLDS.sharpness;
  if (pixels < remark) return { level: 'good', word: 'sharp' };
  return pixels < problem ? { level: 'remark', word: 'a little soft' } : { level: 'problem', word: 'blurred' };
}

/** Luma of the darkest tenth at most, of all, of the brightest tenth at least. */
export function exposureVerdict({ low, mean, high }: { low: number; mean: number; high: number }): Verdict {
  const { dark, bright } = THRESHOLDS;
  if (mean < dark.problem.mean && high < dark.problem.high) return { level: 'problem', word: 'dark' };
  if (mean < dark.remark.mean && high < dark.remark.high) return { level: 'remark', word: 'rather dark' };
  // A white wall behind a face leaves dark tones in the picture; overexposure does not.
  if (low > bright.problemLow) return { level: 'problem', word: 'overexposed' };
  if (mean > bright.remarkMean) return { level: 'remark', word: 'very bright' };
  return { level: 'good', word: 'well lit' };
}

/** Luma, with its 5th and its 95th percentile. What is dark or overexposed is said to be so: its contrast is no further fault. */
export function contrastVerdict(light: Parameters<typeof exposureVerdict>[0] & { p5: number; p95: number }): Verdict {
  const { remark, problem, above, below } = THRESHOLDS.flat;
  const spread = spreadPercent(light);
  const reachesEnds = light.p5 < above || light.p95 > below || exposureVerdict(light).level === 'problem';
  if (spread >= remark || reachesEnds) return { level: 'good', word: 'of full contrast' };
  return { level: spread < problem ? 'problem' : 'remark', word: 'flat' };
}

export function spreadPercent({ p5, p95 }: { p5: number; p95: number }): number {
  return ((p95 - p5) * 100) / (235 - 16);
}

export function fadeVerdict(seconds: number): Verdict {
  if (seconds === 0) return { level: 'good', word: 'not faded' };
  return { level: seconds < THRESHOLDS.fade.problemSeconds ? 'remark' : 'problem', word: 'faded' };
}

/**
 * `motionAmount`, `cameraSpeed` and `temporalDisorder`: a camera that moves changes everything as well, and is judged by how
 * smoothly it does. In noise a camera seems to move.
 */
export function motionVerdict({ change, speed, disorder }: Record<'change' | 'speed' | 'disorder', number>): Verdict {
  const { still, hardly, much, tooMuch, camera, noise } = THRESHOLDS.motion;
  if (disorder >= noise) return { level: 'problem', word: 'noise' };
  if (change < still) return { level: 'problem', word: 'still' };
  if (change < hardly) return { level: 'remark', word: 'hardly moving' };
  if (change < much || speed >= camera) return { level: 'good', word: 'moving' };
  return change < tooMuch ? { level: 'remark', word: 'moving a lot' } : { level: 'problem', word: 'all in motion' };
}

/** `cameraShake`. */
export function steadinessVerdict(percent: number): Verdict {
  const { remark, problem } = THRESHOLDS.steadiness;
  if (percent < remark) return { level: 'good', word: 'steady' };
  return percent < problem ? { level: 'remark', word: 'restless' } : { level: 'problem', word: 'shaking' };
}
