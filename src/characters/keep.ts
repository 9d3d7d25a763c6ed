/** The local half of making a character: its clip is prepared and stored under its name. Registering it is in create.ts and register.ts. */

import { inspectClip } from '../clips/inspect.ts';
import { prepareInto } from '../clips/prepare.ts';
import { temporary } from '../disk/temporary.ts';
import type { Judgement } from '../media/judge/judge.ts';
import { sourceFacts } from '../media/source-facts.ts';
import type { Character, CharacterClip, CharacterWithClip } from '../shared/character.ts';
import { type ClipOptions, PLAN_VERSION, sameClipOptions } from '../shared/clip.ts';
import type { Workspace } from '../workspace.ts';

/** The same clip: same source, same wishes; its plan version says whether it was prepared by the same rules. */
export function isSame(
  existing: Character,
  wanted: Pick<Character, 'name'> & Pick<CharacterClip, 'source' | 'options'>,
): boolean {
  return (
    existing.name === wanted.name &&
    existing.clip?.source.sha256 === wanted.source.sha256 &&
    sameClipOptions(existing.clip.options, wanted.options)
  );
}

/** Prepares the clip, tells what is worse than good about it and stores it under the name. */
export async function keepCharacter(
  workspace: Workspace,
  input: {
    name: string;
    options: ClipOptions;
    /** Replaces a character of that name. */
    force: boolean;
    path: string;
    source: CharacterClip['source'];
    /** What is not told is not worth measuring. */
    isJudged: boolean;
    /** One that other rules made of it gives way; where its clip is lost, this one takes its place. */
    outdated?: { readonly lost: boolean } | undefined;
  },
): Promise<{ readonly character: CharacterWithClip; readonly judgement?: Judgement | undefined }> {
  const store = await workspace.characters();
  await store.sweep();
  const inspected = await inspectClip(workspace, input.path, input.options);
  const made = temporary(await store.tempClipPath());
  try {
    const judgeFor = input.isJudged ? input.options : undefined;
    const { clip, judgement } = await prepareInto(workspace, inspected, { outputPath: made.path, judgeFor });
    const facts = sourceFacts(inspected.info);
    const character: CharacterWithClip = {
      version: 1,
      name: input.name,
      clip: {
        master: clip,
        source: { ...input.source, ...(facts && { facts }) },
        options: input.options,
        planVersion: PLAN_VERSION,
      },
      registrations: [],
      createdAt: new Date(workspace.runtime.clock.now()).toISOString(),
    };
    const kept = await store.keep(character, made.path, {
      replace: input.force || input.outdated !== undefined,
      heals: input.outdated?.lost === true && !input.force,
    });
    return { character: kept, judgement };
  } finally {
    await made.dispose();
  }
}
