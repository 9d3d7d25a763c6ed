/** `sora character stills`: the pictures of a character, for models that take pictures and no clip. `sora character edit`: what is said of it. */

import { characterDocument, requireCharacter } from '../../characters/find.ts';
import { type GivenParticulars, particularsLines, saysNothing, setParticulars } from '../../characters/particulars.ts';
import { placeStills, readStills, resetStills, stillsOf } from '../../characters/pictures/stills.ts';
import type { StillPicture } from '../../clips/stills.ts';
import type { Context } from '../../context.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { formatBytes, oneLine } from '../../shared/text.ts';

export interface StillsInput {
  readonly name: string;
  /** Pictures to take the place of those that it has, the one from the front first. */
  readonly set?: readonly string[];
  /** Back to those of its clip. */
  readonly reset: boolean;
  /** Says what is done without it. */
  readonly show: boolean;
}

/** `sora character stills <name>` */
export async function runCharacterStills(
  context: Context,
  { name, set, reset, show }: StillsInput,
): Promise<undefined> {
  const { ui } = context;
  if ([set !== undefined, reset, show].filter(Boolean).length > 1)
    throw new SoraError('usage', 'Only one of --set, --reset and --show can be given.', {
      hint: 'The pictures are shown after each of them.',
    });
  const character = await requireCharacter(context, name);
  let current = character;
  if (set) {
    const given = await readStills(context, set);
    try {
      current = await placeStills(context, character, given);
    } finally {
      await given.dispose();
    }
  } else if (reset) current = await resetStills(context, character);
  const { from, stills } = await stillsOf(context, current);
  ui.result({
    json: { name: current.name, from, stills },
    text: [
      from === 'given'
        ? `${ui.paint.bold(current.name)}: pictures that were given`
        : `${ui.paint.bold(current.name)}: pictures of its clip; the first is the best one near its middle, which may not be frontal`,
      ...stills.flatMap(stillLines),
    ].join('\n'),
    prose: true,
    quiet: stills.map(({ path }) => path),
  });
}

function stillLines(still: StillPicture, index: number): string[] {
  const { chosen, fileName } = still;
  const facts = [
    ...(chosen ? [`at ${chosen.at.toFixed(2)} s`] : []),
    ...(fileName === undefined ? [] : [oneLine(fileName, 80)]),
    `${formatSize(still)}, ${formatBytes(still.bytes)}`,
    ...(chosen?.sharpness ? [chosen.sharpness.word] : []),
    ...(chosen ? [chosen.exposure.word] : []),
  ];
  return [`  ${index === 0 ? 'first' : String(index + 1).padEnd(5)}  ${facts.join(', ')}`, `         ${still.path}`];
}

export interface EditInput extends GivenParticulars {
  readonly name: string;
}

/** `sora character edit <name>` */
export async function runCharacterEdit(context: Context, { name, ...given }: EditInput): Promise<undefined> {
  if (saysNothing(given))
    throw new SoraError('usage', 'Nothing is to be changed.', {
      hint: 'Say what: --description, --kind or --consent, or --no-description and so on to take it away.',
    });
  const before = await requireCharacter(context, name);
  const character = await setParticulars(context, before, given);
  const { ui } = context;
  ui.result({
    json: await characterDocument(context, character),
    prose: true,
    text: [ui.paint.bold(character.name), ...(await particularsLines(context, character, ui.date))].join('\n'),
    quiet: [character.name],
  });
}
