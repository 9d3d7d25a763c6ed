/** The cast and the hosts: `character sync` registers who is unknown there, `character adopt` takes over whom a host knows. */

import { resolve } from 'node:path';
import { type AdoptOptions, adoptCharacter } from '../../characters/adopt.ts';
import { characterDocument, requireCast } from '../../characters/find.ts';
import { framingOf } from '../../characters/fit-cast.ts';
import { registrationHost } from '../../characters/registration-host.ts';
import { type Synced, syncCast } from '../../characters/sync.ts';
import type { Context } from '../../context.ts';
import { hostTitle } from '../../providers/index.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Focus, Framing } from '../../shared/clip.ts';
import { exitOf } from '../../shared/errors.ts';
import type { Orientation } from '../../shared/geometry.ts';
import type { CostLimits } from '../../shared/money.ts';
import { capitalizeThe, oneLine, shellOption, shellPhrase } from '../../shared/text.ts';

/** `sora character sync [<name>...]` */
export async function runCharacterSync(
  context: Context,
  names: readonly string[],
  {
    orientation,
    fit,
    focus,
    ...flags
  }: {
    readonly resend?: boolean;
    /** Of the videos that they are registered for. */
    readonly orientation?: Orientation;
    readonly fit?: Framing['fit'];
    readonly focus?: Focus;
  } & CostLimits = {},
): Promise<number> {
  const { ui } = context;
  const framing = framingOf({ fit, focus });
  const cast = await requireCast(context, names);
  const provider = await registrationHost(context);
  const synced = await syncCast(context, cast, {
    ...flags,
    ...{ provider, orientation, framing, isNamed: names.length > 0 },
  });
  const failed = synced.flatMap(({ error }) => error ?? []);
  const left = cast.slice(synced.length).map(({ name }) => name);
  const [only] = failed;
  if (only && cast.length === 1) throw only;
  for (const error of failed) ui.error(error);
  if (left.length > 0) ui.warn(`Not tried: ${left.join(', ')}`);
  ui.result({
    json: synced.map(({ character: { name }, did, registration, error }) => ({
      name,
      ...(did !== undefined && { did, registration }),
      ...(error && { error: { code: error.code, message: error.message } }),
    })),
    text: textOf(synced, provider),
    quiet: synced.flatMap(({ registration }) => registration?.value ?? []),
  });
  return exitOf(synced);
}

function textOf(synced: readonly Synced[], provider: Provider): string {
  if (synced.length === 0) return 'The cast is empty.';
  return synced
    .map(({ character: { name }, did, registration }) => {
      if (registration === undefined) return `${name}: not registered`;
      return `${name}: ${hostTitle(provider)} ${did === undefined ? '' : DID[did]} as ${oneLine(registration.value, 200)}`;
    })
    .join('\n');
}

const DID = {
  known: 'knows it already',
  unchecked: 'cannot be asked; it was registered',
  registered: 'knows it now',
} as const satisfies Record<NonNullable<Synced['did']>, string>;

export interface AdoptInput extends Omit<AdoptOptions, 'isJudged'> {
  /** As it was typed. */
  readonly clip?: string;
}

/** `sora character adopt <id> --name <name>` */
export async function runCharacterAdopt(context: Context, input: AdoptInput): Promise<undefined> {
  const { ui, globals, runtime } = context;
  const clip = input.clip === undefined ? undefined : resolve(runtime.cwd, input.clip);
  const { character, registration } = await adoptCharacter(context, { ...input, clip, isJudged: !globals.quiet });
  const { value: id, name: known } = registration;
  const at = hostTitle(registration);
  if (!character.clip) {
    const give = `sora character create <clip> ${shellOption('name', shellPhrase(character.name))}`;
    ui.note(
      `${character.name} has no clip: it can be used where it is registered, and nowhere else. To give it one: ${give}`,
    );
  }
  if (known !== character.name)
    ui.note(capitalizeThe(`${at} knows it as ${oneLine(known, 100)}; prompts for it say that.`));
  ui.result({
    json: await characterDocument(context, character),
    prose: true,
    text: `${ui.paint.bold(character.name)} is ${oneLine(id, 200)} at ${at}.`,
    quiet: [id],
  });
}
