/** `sora character create`: the character of a clip, and with `--dry-run` what would be done. */

import { basename, resolve } from 'node:path';
import { type CreateOptions, createCharacter, previewCharacter } from '../../characters/create.ts';
import { characterDocument } from '../../characters/find.ts';
import { clipLine, planText } from '../../clips/prepare.ts';
import type { Context } from '../../context.ts';
import { priceDocument } from '../../costs/cost.ts';
import { hostTitle } from '../../providers/index.ts';
import type { CharacterWithClip, Registration } from '../../shared/character.ts';
import { SoraError } from '../../shared/errors.ts';
import { oneLine } from '../../shared/text.ts';
import { requestText } from '../../videos/preview.ts';

export interface CreateInput extends Omit<CreateOptions, 'path'> {
  /** As it was typed. */
  readonly file: string;
  readonly dryRun: boolean;
}

export async function runCharacterCreate(context: Context, { file, ...flags }: CreateInput): Promise<undefined> {
  const { ui } = context;
  const input = { ...flags, path: resolve(context.runtime.cwd, file) };
  if (flags.dryRun) return showPreview(context, input);
  const isJudged = !context.globals.quiet;
  const { character, judgement, registration } = await createCharacter(context, { ...input, isJudged });
  const clipPath = (await context.characters()).clipPath(character.clip.master.sha256);
  ui.result({
    json: { ...(await characterDocument(context, character)), ...(judgement && { judgement }) },
    prose: true,
    text: summary(context, character, registration),
    quiet: [registration ? oneLine(registration.value, 4000) : clipPath],
  });
}

async function showPreview(context: Context, input: CreateOptions): Promise<undefined> {
  const { name, clip, sent } = await previewCharacter(context, input);
  const { path, info, plan } = clip;
  context.ui.result({
    json: { name, path, info, plan, request: sent?.request ?? null, cost: priceDocument(sent?.cost) },
    text: [planText(plan), ...(sent ? [requestText(sent.request)] : [])].join('\n'),
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
