/** What is said of a character besides its pictures: a description, its kind, and the permission of whoever is shown. */

import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { hashFile } from '../disk/hash.ts';
import { temporary } from '../disk/temporary.ts';
import {
  type Character,
  type CharacterKind,
  type Consent,
  consentFile,
  type Particulars,
} from '../shared/character.ts';
import { SoraError } from '../shared/errors.ts';
import { option } from '../shared/options.ts';
import { clean, oneLine } from '../shared/text.ts';
import type { Workspace } from '../workspace.ts';
import { copyClip } from './cast/cast-file.ts';
import { type MadeFile, removedMeanwhile } from './store.ts';

/** As they were typed; null takes away what is there. */
export interface GivenParticulars {
  readonly description?: string | null | undefined;
  readonly kind?: CharacterKind | null | undefined;
  /** Words, or the path of a file. */
  readonly consent?: string | null | undefined;
}

const MOST_DESCRIPTION_CHARS = 1000;
const MOST_CONSENT_CHARS = 4000;
const MOST_CONSENT_BYTES = 20_000_000;

export function saysNothing({ description, kind, consent }: GivenParticulars): boolean {
  return description === undefined && kind === undefined && consent === undefined;
}

/** Throws `usage` for what cannot be kept. A consent that looks like the path of a file, and is none, is refused: it would be no permission. */
export async function readParticulars(
  workspace: Workspace,
  { description, kind, consent }: GivenParticulars,
): Promise<{ readonly set: Particulars; readonly consentPath: string | undefined }> {
  if (description && [...description].length > MOST_DESCRIPTION_CHARS)
    throw new SoraError('usage', `A description has at most ${MOST_DESCRIPTION_CHARS} characters.`, {
      hint: 'One or two sentences that tell who it is.',
    });
  const read = consent ? await readConsent(workspace, consent) : undefined;
  return {
    set: {
      ...(description && { description: clean(description).normalize('NFC').trim() }),
      ...(kind && { kind }),
      ...(read && { consent: read.consent }),
    },
    consentPath: read?.path,
  };
}

async function readConsent(
  { runtime }: Workspace,
  given: string,
): Promise<{ readonly consent: Consent; readonly path: string | undefined }> {
  const recordedAt = new Date(runtime.clock.now()).toISOString();
  const path = resolve(runtime.cwd, given);
  const there = given.length < 1000 ? await stat(path).catch(() => undefined) : undefined;
  if (!there) {
    if (/^\S+\.[a-z0-9]{1,8}$/i.test(given) || /^\S*[/\\]\S+$/.test(given))
      throw new SoraError('usage', `There is no file ${path}.`, {
        hint: `${option('consent')} takes a file, or the permission in words: ${option('consent')} "signed by Mia on 3 May 2026"`,
      });
    const text = clean(given).normalize('NFC').trim();
    if ([...text].length > MOST_CONSENT_CHARS)
      throw new SoraError('usage', `A consent in words has at most ${MOST_CONSENT_CHARS} characters.`, {
        hint: `Put it into a file: ${option('consent')} consent.pdf`,
      });
    return { consent: { text, recordedAt }, path: undefined };
  }
  if (!there.isFile() || there.size === 0 || there.size > MOST_CONSENT_BYTES)
    throw new SoraError(
      'usage',
      `${path} cannot be kept as a consent: it is ${!there.isFile() ? 'not a file' : there.size === 0 ? 'empty' : 'too large'}.`,
      { hint: `Name a file of at most ${MOST_CONSENT_BYTES / 1_000_000} MB, such as a PDF.` },
    );
  const file = { fileName: basename(path), sha256: await hashFile(path, runtime.signal), bytes: there.size };
  return { consent: { file, recordedAt }, path };
}

/**
 * Changes what is said of a character. Equal consents keep the day on which they were recorded. Throws `usage` as
 * `readParticulars` does, and for a name that is not there.
 */
export async function setParticulars(
  workspace: Workspace,
  { name }: Pick<Character, 'name'>,
  given: GivenParticulars,
): Promise<Character> {
  const store = await workspace.characters();
  const { set, consentPath } = await readParticulars(workspace, given);
  const made: MadeFile[] = [];
  try {
    if (set.consent?.file && consentPath !== undefined) {
      const file = consentFile(set.consent.file);
      const { path } = temporary(await store.tempClipPath(file.extension));
      made.push({ ...file, path });
      await copyClip(consentPath, path, file.sha256, 'w');
    }
    return await store.place(name, made, (current) => {
      if (!current) throw removedMeanwhile(name);
      const { description, kind, consent, ...rest } = current;
      return {
        ...rest,
        ...(given.description === undefined && description !== undefined && { description }),
        ...(given.kind === undefined && kind && { kind }),
        ...(given.consent === undefined && consent && { consent }),
        ...set,
        ...(consent && set.consent && isSameConsent(consent, set.consent) && { consent }),
      };
    });
  } finally {
    await Promise.all(made.map(({ path }) => temporary(path).dispose()));
  }
}

function isSameConsent(a: Consent, b: Consent): boolean {
  return a.text === b.text && a.file?.sha256 === b.file?.sha256 && a.file?.fileName === b.file?.fileName;
}

/** Kind, description and consent as a person reads them, a line each where there is something; `date` writes a date of ours. */
export async function particularsLines(
  workspace: Workspace,
  { kind, description, consent }: Particulars,
  date: (iso: string) => string,
): Promise<readonly string[]> {
  const store = await workspace.characters();
  const { text, file, recordedAt = '' } = consent ?? {};
  const said = [
    ...(text === undefined ? [] : [oneLine(text, 500)]),
    ...(file ? [`${oneLine(file.fileName, 100)}, kept as ${store.filePath(consentFile(file))}`] : []),
  ];
  return [
    ...(kind ? [`  kind        ${kind}`] : []),
    ...(description === undefined ? [] : [`  described   ${oneLine(description, 1000)}`]),
    ...(said.length > 0 ? [`  consent     ${said.join('; ')} (${date(recordedAt)})`] : []),
  ];
}
