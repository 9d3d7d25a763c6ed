import { describe, expect, it } from 'vitest';
import { cameraShake, fades, motionAmount, temporalDisorder } from '../../../../src/media/judge/filter-output.ts';
import { createMeter } from '../../../../src/media/judge/meter.ts';
import { motionVerdict, steadinessVerdict } from '../../../../src/media/judge/thresholds.ts';
import { TEST_ALL } from '../../../helpers/covering.ts';

const SIZE = { width: 320, height: 180 };
/** Enough for what is no movement. */
const SMALL = { width: 80, height: 45 };

/** Luma at a place (shares of the width) and a time (seconds). */
type Scene = (x: number, y: number, time: number) => number;

/** A generator of numbers from 0 to 1, the same every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff;
  };
}

const TURN = 2 ** 16;
const TURNS = Float64Array.from({ length: TURN }, (_, at) => Math.sin((at * 2 * Math.PI) / TURN));

/** Out of a table: tens of millions are asked for. */
function sine(angle: number): number {
  return TURNS[Math.round((angle * TURN) / (2 * Math.PI)) & (TURN - 1)] ?? 0;
}

/** Whether a point is nearer to another than `radius`. */
function isNear(x: number, y: number, radius: number): boolean {
  return x * x + y * y < radius * radius;
}

interface Take {
  readonly fps: number;
  readonly seconds?: number;
  readonly light?: number;
  readonly size?: typeof SIZE;
}

function measure(scene: Scene, { fps, seconds = 1.5, light = 1, size = SIZE }: Take) {
  const meter = createMeter(size, fps);
  const noise = numbers(7);
  for (let index = 0; index < Math.round(fps * seconds); index += 1) {
    const picture = new Uint8Array(size.width * size.height);
    for (let place = 0; place < picture.length; place += 1) {
      const x = (place % size.width) / size.width;
      const y = Math.floor(place / size.width) / size.width;
      const luma = scene(x, y, index / fps) * light;
      picture[place] = 16 + Math.min(219, Math.max(0, luma + 4 * (noise() - 0.5)));
    }
    meter.add(picture);
  }
  return meter.read((index) => index / fps);
}

/** A head and shoulders that sway, before something. */
function portrait(seed: number): Scene {
  const number = numbers(seed * 7919);
  for (let skip = 0; skip < 10; skip += 1) number();
  const wall = 25 + 150 * number();
  const [skin, hair, shirt] = [75 + 110 * number(), 10 + 120 * number(), 15 + 180 * number()];
  const [middle, eyes, radius] = [0.42 + 0.16 * number(), 0.2 + 0.06 * number(), 0.09 + 0.05 * number()];
  const pattern = 20 + 30 * number();
  return (x, y, time) => {
    const u = x - middle - 0.01 * sine(5 * time);
    const v = y - eyes;
    if (isNear(Math.abs(u) - radius * 0.35, v, radius * 0.15)) return 12;
    if (isNear(u / 0.8, v, radius) && v > -radius / 2) return skin;
    if (isNear(u / 0.8, v, radius * 1.25) && v < radius * 0.4) return hair;
    if (v > radius * 1.25 && Math.abs(u) < radius * 2.2) return shirt;
    return wall + 15 * sine(pattern * x) * sine(pattern * y);
  };
}

const PORTRAITS = Array.from({ length: 12 }, (_, index) => portrait(index + 1));
const PAIRS = PORTRAITS.flatMap((first, index) => PORTRAITS.slice(index + 1).map((second) => [first, second] as const));

/** A wall that is painted all over, without end. */
const painted: Scene = (x, y) => 110 + 40 * sine(31 * x + 9 * y) + 35 * sine(17 * y - 13 * x) + 25 * sine(57 * x);

describe('cuts', () => {
  it.each(
    [
      [1, 8],
      [0.5, 8],
      [0.5, 24],
      [0.25, 12],
    ].map(
      ([light, fps], row, { length }) =>
        // Each of 66 at one of the four; on request at all of them.
        [light, fps, TEST_ALL ? PAIRS : PAIRS.filter((_, index) => index % length === row)] as const,
    ),
  )('are found at %d of the light and %d fps between portraits, and no others', (light = 1, fps = 8, pairs) => {
    const found = pairs.map(([first, second]) => {
      const scene: Scene = (x, y, time) => (time < 0.5 ? first : second)(x, y, time);
      return measure(scene, { fps, seconds: 0.9, light, size: SMALL }).cuts;
    });
    expect(found).toEqual(pairs.map(() => [0.5]));
  });

  it.each([15, 25, 30])('are not where the camera whips round, at %d fps', (fps) => {
    for (const seconds of [0.2, 0.3, 0.6]) {
      const whip: Scene = (x, y, time) => painted(x + 2 * Math.min(1, Math.max(0, (time - 0.7) / seconds)), y, time);
      expect(measure(whip, { fps, size: SMALL }).cuts).toEqual([]);
    }
  });

  it('are not where a flash is back again at once, where a picture fades in, or in noise', () => {
    const flash: Scene = (x, y, time) => (Math.round(time * 25) === 20 ? 219 : painted(x, y, time));
    const fade: Scene = (x, y, time) => painted(x, y, time) * Math.min(1, time / 1.5);
    const number = numbers(3);
    for (const scene of [flash, fade, () => 219 * number()]) {
      expect(measure(scene, { fps: 25, size: SMALL }).cuts).toEqual([]);
    }
  });

  it('are not every picture of a scene that comes at 5 fps in 25', () => {
    const lively: Scene = (x, y, time) => painted(x + 0.2 * Math.sin(4 * time), y, time);
    const slow: Scene = (x, y, time) => lively(x, y, Math.floor(time * 5 + 1e-6) / 5);
    expect(measure(slow, { fps: 25, size: SMALL }).cuts).toEqual([]);
    expect(measure(lively, { fps: 5, size: SMALL }).cuts).toEqual([]);
  });

  it('are found in a lively scene, and are no movement of it', () => {
    const lively: Scene = (x, y, time) => painted(x + 0.02 * Math.sin(9 * time), y, time);
    const other: Scene = (x, y, time) => 200 - lively(y, x, time);
    const plain = measure(lively, { fps: 25 });
    const cut = measure((x, y, time) => (time < 1 ? lively : other)(x, y, time), { fps: 25 });
    expect(cut.cuts).toEqual([1]);
    expect(Math.max(...cut.samples.map(({ change }) => change))).toBeLessThan(
      1.5 * Math.max(...plain.samples.map(({ change }) => change)),
    );
  });
});

describe('movement', () => {
  it.each([5, 8, 12, 15, 16, 20, 24, 25, 30, 60])(
    'of a smooth pan of a third of the width a second is steady at %d fps',
    (fps) => {
      const { samples } = measure((x, y, time) => painted(x + time / 3, y, time), { fps, seconds: 1.2 });
      expect(cameraShake(samples)).toBeLessThan(0.3);
      expect(steadinessVerdict(cameraShake(samples)).word).toBe('steady');
      expect(samples.slice(2).every(({ x }) => x < -1)).toBe(true);
    },
  );

  it.each([8, 12, 15, 16, 20, 24, 25, 30, 60])('of a shaken camera is a shake at %d fps, in a pan too', (fps) => {
    const shake = (time: number): number => 0.02 * sine(2 * Math.PI * 2.9 * time);
    for (const pan of [0, 0.2]) {
      const { samples } = measure((x, y, time) => painted(x + pan * time + shake(time), y + shake(time), time), {
        fps,
        seconds: 1.2,
      });
      expect(steadinessVerdict(cameraShake(samples)).word).toBe('shaking');
    }
  });

  it('of one who walks through the picture is not that of the camera', () => {
    const walk: Scene = (x, y, time) => (Math.abs(x - 0.2 - 0.3 * time) < 0.12 ? 200 : painted(x, y, time));
    const { samples } = measure(walk, { fps: 25 });
    expect(samples.every(({ x, y }) => Math.hypot(x, y) < 0.2)).toBe(true);
  });

  it('of a lively scene is as much at 5 fps as at 25 and more, and when 5 fps come in 25', () => {
    const figure = portrait(3);
    const lively: Scene = (x, y, time) => figure(x - 0.05 * Math.sin(3 * time), y, time);
    const at = (fps: number, scene: Scene = lively): number => motionAmount(measure(scene, { fps }).samples);
    const slow: Scene = (x, y, time) => lively(x, y, Math.floor(time * 5 + 1e-6) / 5);
    const all = [at(5), at(8), at(25), at(60), at(25, slow)];
    expect(all.map((change) => motionVerdict({ change, speed: 0, disorder: 0 }).word)).toEqual(all.map(() => 'moving'));
    expect(Math.max(...all) / Math.min(...all)).toBeLessThan(2);
  });

  it.each([5, 8, 24, 60])('of static is more than a person makes, at %d fps', (fps) => {
    const number = numbers(5);
    const { samples } = measure(() => 219 * number(), { fps });
    expect(motionAmount(samples)).toBeGreaterThan(30);
    expect(temporalDisorder(samples)).toBeCloseTo(1, 1);
    expect(steadinessVerdict(cameraShake(samples)).word).toBe('steady');
  });

  it('of one picture again and again is none', () => {
    const meter = createMeter(SIZE, 25);
    const picture = Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, place) => place % 200);
    for (let index = 0; index < 20; index += 1) meter.add(picture.slice());
    const { samples } = meter.read((index) => index / 25);
    expect(samples.every(({ change, x, y }) => change === 0 && x === 0 && y === 0)).toBe(true);
  });
});

describe('light', () => {
  it('is of all pixels, and of the darkest and the brightest of them', () => {
    const { samples } = measure((x) => 219 * x, { fps: 12 });
    const { mean = 0, p5 = 0, low = 0, high = 0, p95 = 0 } = samples[3] ?? {};
    for (const [found, share] of [
      [mean, 0.5],
      [p5, 0.05],
      [low, 0.1],
      [high, 0.9],
      [p95, 0.95],
    ] as const)
      expect(Math.abs(found - 16 - 219 * share)).toBeLessThan(4);
  });

  it('shows a fade', () => {
    const { samples } = measure((x, y, time) => painted(x, y, time) * Math.min(1, time / 1.5), { fps: 24, seconds: 4 });
    expect(fades(samples).start).toBeGreaterThan(1);
    expect(fades(samples).start).toBeLessThan(1.5);
    expect(fades(samples).end).toBe(0);
  });
});
