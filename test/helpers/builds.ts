/** The builds of ffmpeg at hand, for what builds do differently. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';
import { makerPath } from './ffmpeg.ts';

export interface Build {
  readonly name: string;
  readonly path: string;
}

/** Those that SORA_TEST_FFMPEGS lists, separated as PATH is; else the fixed build of 2018 and the one on PATH. */
const BUILDS: readonly { readonly name: string; readonly path: string | undefined }[] = process.env.SORA_TEST_FFMPEGS
  ? listed(process.env.SORA_TEST_FFMPEGS).map((path) => ({ name: `ffmpeg at ${path}`, path }))
  : [
      { name: 'ffmpeg of 2018', path: makerPath },
      { name: 'ffmpeg on PATH', path: onPath() },
    ];

/** One block for each build; one that this machine lacks is skipped by its name. */
export function describeBuilds(title: string, block: (build: Build) => void): void {
  for (const { name, path } of BUILDS) {
    describe.skipIf(path === undefined)(`${title}: ${name}`, () => block({ name, path: path ?? '' }));
  }
}

function onPath(): string | undefined {
  return listed(process.env.PATH)
    .map((folder) => join(folder, 'ffmpeg'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function listed(list: string | undefined): string[] {
  return (list ?? '').split(delimiter).filter((entry) => entry !== '');
}
