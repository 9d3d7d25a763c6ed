/** `sora character create`: the character of a clip or of pictures, and with `--dry-run` what would be done. */

import { basename, resolve } from 'node:path';
import { type CreateOptions, createCharacter, previewCharacter } from '../../characters/create.ts';
import { characterDocument } from '../../characters/find.ts';
import { type GivenParticulars, readParticulars, saysNothing, setParticulars } from '../../characters/particulars.ts';
import type { GivenStills } from '../../characters/pictures/stills.ts';
import { clipLine, planText } from '../../clips/prepare.ts';
import type { Context } from '../../context.ts';
import { priceDocument } from '../../costs/cost.ts';
import { hostTitle } from '../../providers/index.ts';
import { type Character, type CharacterWithClip, type Registration, stillFile } from '../../shared/character.ts';
import { DEFAULT_CLIP_OPTIONS, sameClipOptions } from '../../shared/clip.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { oneLine, shellOption, shellQuote } from '../../shared/text.ts';
import { requestText } from '../../videos/preview.ts';

export interface CreateInput extends Omit<CreateOptions, 'path'>, GivenParticulars {
  /** As it was typed; none for a character of pictures alone. */
  readonly file?: string | undefined;
  /** Pictures of the character, the one from the front first. */
  readonly images?: readonly string[];
  readonly dryRun: boolean;
}

export async function runCharacterCreate(context: Context, input: CreateInput): Promise<undefined> {
  const { file, images = [], options } = input;
  if (file === undefined && images.length === 0)
    throw new SoraError('usage', 'A character needs a clip, or pictures.', {
      hint: 'sora character create joe.mp4 --name Joe, or: sora character create --image front.png --image side.png --name Joe',
    });
  if (file === undefined && !sameClipOptions(options, DEFAULT_CLIP_OPTIONS))
    throw new SoraError('usage', 'The options of a clip mean nothing for a character of pictures.', {
      hint: 'Leave out --start, --duration, --fit, --orientation, --resolution, --no-audio and --crop-bars, or name a clip.',
    });
  // Before anything is prepared or paid for.
  await readParticulars(context, input);
  const { readStills } = await import('../../characters/pictures/stills.ts');
  const given = images.length === 0 ? undefined : await readStills(context, images);
  try {
    if (file === undefined) return given && (await createOfPictures(context, { ...input, given }));
    return await createOfClip(context, { ...input, file, given });
  } finally {
    await given?.dispose();
  }
}

async function createOfClip(
  context: Context,
  { file, given, ...flags }: CreateInput & { readonly file: string; readonly given: GivenStills | undefined },
): Promise<undefined> {
  const { ui } = context;
  const input = { ...flags, path: resolve(context.runtime.cwd, file) };
  if (flags.dryRun) return showPreview(context, input);
  const isJudged = !context.globals.quiet;
  const onKept = async (kept: CharacterWithClip): Promise<void> => {
    if (given) await (await import('../../characters/pictures/stills.ts')).placeStills(context, kept, given);
    if (!saysNothing(flags)) await setParticulars(context, kept, flags);
  };
  const { character, judgement, registration } = await createCharacter(context, { ...input, isJudged, onKept });
  const clipPath = (await context.characters()).clipPath(character.clip.master.sha256);
  ui.result({
    json: { ...(await characterDocument(context, character)), ...(judgement && { judgement }) },
    prose: true,
    text: summary(context, character, registration),
    quiet: [registration ? oneLine(registration.value, 4000) : clipPath],
  });
}

async function createOfPictures(
  context: Context,
  { given, ...input }: CreateInput & { readonly given: GivenStills },
): Promise<undefined> {
  const { createPictured, wantedPictured } = await import('../../characters/pictures/create-pictured.ts');
  const { ui } = context;
  const pictures = given.stills.map((still) => `${still.fileName}: ${formatSize(still)}`).join('\n');
  if (input.dryRun) {
    const { name } = await wantedPictured(context, { ...input, given });
    ui.result({
      json: { name, stills: given.stills, request: null, cost: null },
      text: `${name} would be kept, with these pictures:\n${pictures}`,
      quiet: given.stills.map(({ fileName }) => fileName),
    });
    return;
  }
  let character: Character = await createPictured(context, { ...input, given });
  if (!saysNothing(input)) character = await setParticulars(context, character, input);
  const store = await context.characters();
  const count = given.stills.length === 1 ? 'one picture' : `${given.stills.length} pictures`;
  ui.note(
    `${character.name} has no clip: only models that take pictures can show it. To give it a clip later: sora character create <clip> ${shellOption('name', shellQuote(character.name))}`,
  );
  ui.result({
    json: await characterDocument(context, character),
    prose: true,
    text: `${ui.paint.bold(character.name)}: kept on this machine, with ${count}`,
    quiet: (character.stills ?? []).map((still) => store.filePath(stillFile(still))),
  });
}

async function showPreview(context: Context, input: CreateOptions): Promise<undefined> {
  const { name, clip, sent } = await previewCharacter(context, input);
  const { path, info, plan } = clip;
  context.ui.result({
    json: { name, path, info, plan, request: sent?.request ?? null, cost: priceDocument(sent?.cost) },
    text: [planText(plan), ...(sent ? [context.withoutPorts(requestText(sent.request))] : [])].join('\n'),
    quiet: [plan.kind],
  });
  if (plan.kind === 'reject')
    throw new SoraError('clip', `${basename(path)} cannot be used.`, {
      hint: 'The reasons are listed above. Give another clip, or another part of it with --start and --duration.',
    });
}

function summary({ ui }: Context, character: CharacterWithClip, registration: Registration | undefined): string {
  const where = registration
    ? `registered with ${hostTitle(registration)} as ${oneLine(registration.value, 200)}`
    : 'kept on this machine, not registered';
  return `${ui.paint.bold(character.name)}: ${where} (${clipLine(character.clip.master)})`;
}
