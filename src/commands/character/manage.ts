/** The cast on this machine: list, show, rename, remove. */

import { characterDocument, requireCharacter } from '../../characters/find.ts';
import { outdatedNote, outdatedNotes } from '../../characters/outdated.ts';
import type { CharacterJson } from '../../characters/record.ts';
import type { WrittenSheet } from '../../clips/sheet.ts';
import type { Context } from '../../context.ts';
import { readableOf } from '../../disk/listing.ts';
import { hostAddress, hostTitle } from '../../providers/index.ts';
import type { Character, CharacterDigest, ListedMaster } from '../../shared/character.ts';
import type { Clip } from '../../shared/clip.ts';
import { SoraError } from '../../shared/errors.ts';
import { formatSize } from '../../shared/geometry.ts';
import { capitalizeThe, formatBytes, listOf, oneLine } from '../../shared/text.ts';

/** What its clip is, in a few words; a record that came without one may have it elsewhere. */
async function clipWords<M extends ListedMaster>(
  context: Context,
  {
    master,
    clipless,
    stills,
  }: Pick<CharacterJson, 'clipless'> & { readonly master?: M; readonly stills?: readonly unknown[] },
  words: (master: M) => string,
) {
  if (!master && stills) return stills.length === 1 ? 'one picture' : `${stills.length} pictures`;
  if (!master) return 'no clip';
  const isThere = async ({ sha256 }: M) => sha256 !== undefined && (await context.characters()).hasClip(sha256);
  if (!clipless || (await isThere(master))) return words(master);
  return 'no clip here';
}

/** `sora character list` */
export async function runCharacterList(context: Context): Promise<undefined> {
  const { ui } = context;
  const store = await context.characters();
  // A document has all of each character; a table needs little of it.
  const whole = ui.json ? await store.list() : undefined;
  const records = readableOf<CharacterDigest>(whole ?? (await store.digests()), ui);
  ui.result({
    json: whole && (await Promise.all(whole.records.map((one) => characterDocument(context, one)))),
    text: whole ? '' : await castTable(context, records),
    quiet: records.map(({ name }) => name),
  });
  for (const note of outdatedNotes(records)) ui.note(note);
  const costs = records.flatMap(({ registrations }) => registrations.flatMap(({ cost }) => cost ?? []));
  if (costs.length === 0) return;
  const { formatPaid } = await import('../../costs/cost.ts');
  ui.note(`Paid for registrations: ${formatPaid(costs)}`);
}

async function castTable(context: Context, cast: readonly CharacterDigest[]): Promise<string> {
  if (cast.length === 0) return 'The cast is empty. Make a character: sora character create <clip> --name <name>';
  const short = (master: ListedMaster): string => `${formatSize(master)} ${master.seconds.toFixed(2)} s`;
  const rows: string[][] = [];
  for (const one of cast) {
    // Few are looked for on the disk, and a promise for each would take longer than its row.
    const isPlain = one.clip && !one.clipless;
    const words = isPlain ? short(one.clip.master) : await clipWords(context, { ...one, ...one.clip }, short);
    rows.push([one.name, words, registeredWith(one) || '-', context.ui.time(one.createdAt)]);
  }
  return context.ui.table(['NAME', 'CLIP', 'REGISTERED WITH', 'CREATED'], rows, { NAME: 12, 'REGISTERED WITH': 15 });
}

function registeredWith({ registrations, pending = [] }: CharacterDigest): string {
  const [first] = registrations;
  // Nearly all of a long list, of which sets and copies would take most of the time.
  if (first && registrations.length === 1 && pending.length === 0)
    return first.stale === true ? '' : `${hostTitle(first)} ${first.value}`;
  const living = registrations.filter(({ stale }) => stale !== true).map((one) => `${hostTitle(one)} ${one.value}`);
  return [...new Set([...living, ...pending.map((one) => `${hostTitle(one)} (pending)`)])].join(', ');
}

/** `sora character show <name>` */
export async function runCharacterShow(
  context: Context,
  name: string,
  { sheet, force = false }: { sheet?: string; force?: boolean } = {},
): Promise<undefined> {
  const { ui } = context;
  const character = await requireCharacter(context, name);
  const { keptStillsOf } = await import('../../characters/pictures/stills.ts');
  const { particularsLines } = await import('../../characters/particulars.ts');
  const pictures = (await keptStillsOf(context, character))?.stills;
  const document = { ...(await characterDocument(context, character)), ...(pictures && { pictures }) };
  const drawn = sheet === undefined ? undefined : await drawSheet(context, character, { output: sheet, force });
  const { formatPaid } = await import('../../costs/cost.ts');
  const { source, registrations, pending = [] } = document;
  const long = (master: Clip): string =>
    `${formatSize(master)}, ${master.seconds.toFixed(3)} s, ${master.fps.toFixed(3)} fps, ${formatBytes(master.bytes)}`;
  const lines = [
    ui.paint.bold(document.name),
    `  clip        ${await clipWords(context, document, long)}`,
    ...(document.clipPath === undefined ? [] : [`  file        ${document.clipPath}`]),
    ...(source ? [`  made from   ${oneLine(source.fileName)}`] : []),
    ...(document.stills ?? []).map(
      (still, index) =>
        `  ${index === 0 ? 'pictures  ' : '          '}  ${pictures?.[index]?.path ?? oneLine(still.fileName)}`,
    ),
    ...(await particularsLines(context, document, ui.date)),
    `  created     ${ui.date(document.createdAt)}`,
    ...registrations.map(
      (one) =>
        `  registered  ${oneLine(one.value, 200)} with ${oneLine(hostAddress(one))}, ${one.orientation}${one.copy === undefined ? '' : `, a copy, ${oneLine(one.copy, 100)}`}, as ${oneLine(one.name, 100)}${one.cost ? `, paid: ${formatPaid([one.cost])}` : ''}${one.stale ? ' (no longer known there)' : ''}`,
    ),
    ...pending.map(
      (one) =>
        `  pending     with ${oneLine(hostAddress(one))}, ${one.orientation}, as ${one.name}, since ${one.createdAt} (${one.taskId === undefined ? `its fate is not known${one.said === undefined ? '' : `: ${oneLine(one.said)}`}` : `task ${one.taskId}`})`,
    ),
  ];
  if (document.outdated) ui.note(outdatedNote(document, document.outdated));
  if (drawn) lines.push(`  sheet       ${drawn.path}`);
  ui.result({
    json: drawn ? { ...document, sheet: drawn } : document,
    prose: true,
    text: lines.join('\n'),
    quiet: [drawn?.path ?? document.name],
  });
}

async function drawSheet(
  context: Context,
  character: Character,
  { output, force }: { output: string; force: boolean },
): Promise<WrittenSheet> {
  const { name, clip, stills } = character;
  const { requireClip } = await import('../../clips/master.ts');
  const { stillsOf } = await import('../../characters/pictures/stills.ts');
  const source = clip && (await requireClip(context, { ...character, clip }));
  // Those of a clip are among its frames.
  const pictures = stills || !clip ? (await stillsOf(context, character)).stills : [];
  const { writeSheet } = await import('../../clips/sheet.ts');
  return writeSheet(context, { source, pictures, title: name, output, force });
}

/** `sora character rename <name> <new>` */
export async function runCharacterRename(context: Context, name: string, next: string): Promise<undefined> {
  const { ui } = context;
  const before = await requireCharacter(context, name);
  const { checkName } = await import('../../characters/names.ts');
  const renamed = await (await context.characters()).rename(before.name, checkName(next));
  const elsewhere = renamed.registrations.filter((one) => one.name !== renamed.name);
  if (elsewhere.length > 0)
    ui.note(`Hosts know it as ${oneLine(elsewhere[0]?.name ?? '', 100)}; prompts for them still say that.`);
  ui.result({
    json: await characterDocument(context, renamed),
    text: `${before.name} is now ${renamed.name}.`,
    quiet: [renamed.name],
  });
}

/** `sora character remove <name>` */
export async function runCharacterRemove(context: Context, name: string, yes: boolean): Promise<undefined> {
  const { ui } = context;
  const character = await requireCharacter(context, name);
  if (
    !yes &&
    !(await context.confirm(
      `Remove ${character.name}?${await fateOfClip(context, character)}`,
      'Add --yes to remove without being asked.',
    ))
  ) {
    throw new SoraError('usage', `${character.name} was kept.`);
  }
  const { removed, clipRemoved } = await (await context.characters()).remove(character.name);
  const hosts = [...new Set(removed.registrations.map(hostTitle))];
  if (hosts.length > 0)
    ui.note(`Its copy at ${hosts.join(', ')} stays there: hosts have no call that deletes a character.`);
  for (const one of removed.pending ?? []) {
    const task = one.stage === 'task' ? `in its task ${one.taskId}` : 'the outcome of its request is not known';
    ui.note(`${capitalizeThe(hostTitle(one))} may still be making it (${task}); its id will be lost here.`);
  }
  const clipless = !removed.clip || removed.clipless === true;
  const pictures = removed.stills ? ', and its pictures' : '';
  const clip = clipRemoved
    ? ', and its clip'
    : clipless
      ? pictures
      : '; its clip stays, because another record may need it';
  ui.result({
    json: { removed: character.name, clipRemoved },
    text: `${character.name} is removed${clip}.`,
    quiet: [character.name],
  });
}

/** What removing the character does to its clip, as a part of the question. */
async function fateOfClip(context: Context, character: Character): Promise<string> {
  if (!character.clip && character.stills)
    return ' Its pictures are deleted; those that they were made of are not touched.';
  if (!character.clip || character.clipless === true) return '';
  const { records } = await (await context.characters()).list();
  const { sha256 } = character.clip.master;
  const others = records.filter(({ name, clip }) => name !== character.name && clip?.master.sha256 === sha256);
  if (others.length > 0) return ` Its clip stays: ${listOf(others.map(({ name }) => name))} has the same one.`;
  return ` Its prepared clip is deleted; ${oneLine(character.clip.source.fileName, 100)}, which it was made from, is not touched.`;
}
