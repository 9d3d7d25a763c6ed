/** A film as editors read it, OpenTimelineIO: made of the plan by which it is assembled, so that both tell the same times. Pure. */
import { basename } from 'node:path';
import { fpsOf } from '../media/plan/frame.ts';
import { relativeUrl } from '../shared/relative-url.ts';
import type { AssemblyPlan, Music, PlannedShot, PlannedSound, SoundSource } from './plan.ts';
import { SAMPLE_RATE } from './raster.ts';

/** One object of OpenTimelineIO; its schema says which. */
type Otio = { readonly OTIO_SCHEMA: string } & Readonly<Record<string, unknown>>;

/**
 * The text of an `.otio` file that is to lie in `folder`, which the names of media are relative to. A dissolve is a
 * transition whose middle is the cut; a held picture is a clip that stands still.
 */
export function exportOtio(plan: AssemblyPlan, folder: string): string {
  const tracks = [pictureTrack(plan, folder), ...soundTracks(plan, folder)];
  const timeline: Otio = {
    OTIO_SCHEMA: 'Timeline.1',
    name: plan.title ?? '',
    metadata: { sora: { width: plan.size.width, height: plan.size.height, loudness: plan.loudness } },
    global_start_time: time(plan, 0),
    tracks: {
      OTIO_SCHEMA: 'Stack.1',
      name: 'tracks',
      metadata: {},
      source_range: null,
      effects: [],
      markers: [],
      children: tracks,
    },
  };
  return `${JSON.stringify(timeline, null, 2)}\n`;
}

type Raster = Pick<AssemblyPlan, 'rate'>;

function time({ rate }: Raster, frames: number): Otio {
  return { OTIO_SCHEMA: 'RationalTime.1', rate: fpsOf(rate), value: frames };
}

function range(film: Raster, from: number, frames: number): Otio {
  return { OTIO_SCHEMA: 'TimeRange.1', start_time: time(film, from), duration: time(film, frames) };
}

function track(name: string, kind: 'Video' | 'Audio', children: readonly Otio[]): Otio {
  return { OTIO_SCHEMA: 'Track.1', name, kind, metadata: {}, source_range: null, effects: [], markers: [], children };
}

function gap(film: Raster, frames: number): Otio {
  return {
    OTIO_SCHEMA: 'Gap.1',
    name: '',
    metadata: {},
    source_range: range(film, 0, frames),
    effects: [],
    markers: [],
  };
}

interface ClipOf {
  readonly name: string;
  /** Of its media, where they are known. */
  readonly available?: number | undefined;
  readonly path: string;
  readonly from: number;
  readonly frames: number;
  readonly metadata?: object;
  readonly still?: boolean;
  readonly markers?: readonly Otio[];
}

function clip(
  film: Raster,
  folder: string,
  { name, path, from, frames, available, metadata = {}, still, markers = [] }: ClipOf,
): Otio {
  const freeze = { OTIO_SCHEMA: 'FreezeFrame.1', name: '', metadata: {}, effect_name: 'FreezeFrame', time_scalar: 0 };
  return {
    OTIO_SCHEMA: 'Clip.1',
    name,
    metadata: { sora: metadata },
    source_range: range(film, from, frames),
    effects: still ? [freeze] : [],
    markers,
    media_reference: {
      OTIO_SCHEMA: 'ExternalReference.1',
      name: '',
      metadata: {},
      available_range: available === undefined ? null : range(film, 0, available),
      target_url: relativeUrl(folder, path),
    },
  };
}

/** Pictures of a dissolve that are before its middle. */
function before(shared: number): number {
  return Math.floor(shared / 2);
}

function pictureTrack(plan: AssemblyPlan, folder: string): Otio {
  const children = plan.shots.flatMap((shot, index): Otio[] => {
    const next = plan.shots[index + 1]?.shared ?? 0;
    const [begin, end] = [before(shot.shared), shot.frames - next + before(next)];
    const { title, subtitle, name, take, moving } = shot;
    const first = Math.round(shot.start * fpsOf(plan.rate));
    const metadata = { ...(title !== undefined && { title }), ...(subtitle !== undefined && { subtitle }) };
    const shown = Math.min(end, moving) - begin;
    const held = end - Math.max(begin, moving);
    const markers = title?.trim() ? [marker(plan, title, first + begin)] : [];
    const at = { name, path: take.path, available: Math.round(take.timeline.end * fpsOf(plan.rate)) };
    return [
      ...(shot.shared > 0 ? [dissolve(plan, shot)] : []),
      ...(shown > 0 ? [clip(plan, folder, { ...at, from: first + begin, frames: shown, metadata, markers })] : []),
      ...(held > 0 ? [clip(plan, folder, { ...at, from: first + moving - 1, frames: held, still: true })] : []),
    ];
  });
  return track('Pictures', 'Video', children);
}

/** `in_offset` is taken of the pictures before the cut, which the next clip has too, `out_offset` of those behind it. */
function dissolve(film: Raster, { shared }: PlannedShot): Otio {
  return {
    OTIO_SCHEMA: 'Transition.1',
    name: '',
    metadata: {},
    transition_type: 'SMPTE_Dissolve',
    in_offset: time(film, before(shared)),
    out_offset: time(film, shared - before(shared)),
  };
}

function marker(film: Raster, name: string, at: number): Otio {
  return { OTIO_SCHEMA: 'Marker.2', name, metadata: {}, color: 'GREEN', comment: '', marked_range: range(film, at, 0) };
}

/** Pictures of the film that a file of sound plays for; undefined where its length is not known. */
function playsFor({ rate }: Raster, { audio: { seconds } }: SoundSource): number | undefined {
  return seconds === undefined ? undefined : Math.max(1, Math.round(seconds * fpsOf(rate)));
}

/** As many tracks as sounds overlap, each with gaps, and one for the music. */
function soundTracks(plan: AssemblyPlan, folder: string): Otio[] {
  const lanes: { sound: PlannedSound; at: number; end: number }[][] = [];
  const frameOf = (sample: number): number => Math.round((sample * fpsOf(plan.rate)) / SAMPLE_RATE);
  for (const sound of plan.sounds) {
    const [at, last] = [frameOf(sound.at), frameOf(sound.at + sound.samples)];
    // A voice may sound to the end of the film, and does so for as long as it is.
    const own = sound.origin === undefined ? playsFor(plan, sound) : undefined;
    const end = own === undefined ? last : Math.min(last, at + own);
    const lane = lanes.find((one) => (one.at(-1)?.end ?? 0) <= at);
    const placed = { sound, at, end };
    if (lane) lane.push(placed);
    else lanes.push([placed]);
  }
  const tracks = lanes.map((lane, index) => {
    let done = 0;
    const children = lane.flatMap(({ sound, at, end }): Otio[] => {
      const from = Math.round(sound.start * fpsOf(plan.rate));
      const metadata = { gainDb: sound.gainDb };
      const rest = at > done ? [gap(plan, at - done)] : [];
      done = end;
      const { path } = sound;
      return [...rest, clip(plan, folder, { name: basename(path), path, from, frames: end - at, metadata })];
    });
    return track(`Sound ${index + 1}`, 'Audio', children);
  });
  const { music } = plan;
  if (!music) return tracks;
  return [...tracks, track('Music', 'Audio', musicClips(plan, folder, music))];
}

/** It begins anew where it ends: a clip for each time that it is heard. */
function musicClips(plan: AssemblyPlan, folder: string, music: Music): Otio[] {
  const { path, levelDb, duck, fadeSeconds } = music;
  const available = playsFor(plan, music);
  const metadata = { gainDb: levelDb, duck, fadeSeconds };
  const each = available ?? plan.frames;
  return Array.from({ length: Math.ceil(plan.frames / each) }, (_, index) => {
    const frames = Math.min(each, plan.frames - index * each);
    return clip(plan, folder, { name: basename(path), path, from: 0, frames, available, metadata });
  });
}
