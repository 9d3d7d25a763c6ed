/** The builds of ffmpeg that a test of what builds do differently is run with. */
import { delimiter } from 'node:path';
import { describe } from 'vitest';
import { ffmpegPath, makerPath } from './ffmpeg.ts';

export interface Build {
  readonly name: string;
  readonly path: string;
}

/** Those that SORA_TEST_FFMPEGS lists, separated as PATH is; else the one under test. `.ci/run` lists others. */
const BUILDS: readonly Build[] = process.env.SORA_TEST_FFMPEGS
  ? process.env.SORA_TEST_FFMPEGS.split(delimiter).map((path) => ({ name: `ffmpeg at ${path}`, path }))
  : [{ name: ffmpegPath === makerPath ? 'ffmpeg of 2018' : `ffmpeg at ${ffmpegPath}`, path: ffmpegPath }];

/** One block for each build. */
export function describeBuilds(title: string, block: (build: Build) => void): void {
  for (const build of BUILDS) describe(`${title}: ${build.name}`, () => block(build));
}
