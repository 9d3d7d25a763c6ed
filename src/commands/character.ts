/** The cast on this machine: list, show, rename, remove. */
import type { Context } from '../context.ts';
import { type Character, formatSize } from '../domain.ts';
import { SoraError } from '../errors.ts';
import { formatBytes, nearest } from '../text.ts';

/** The character as a document: its record and where its clip lies. */
export async function characterDocument(
  context: Context,
  character: Character,
): Promise<Character & { clipPath: string }> {
  return { ...character, clipPath: (await context.characters()).clipPath(character.master.sha256) };
}

/** Throws `usage` for a name that is not in the cast, with the nearest one that is. */
export async function requireCharacter(context: Context, name: string): Promise<Character> {
  const store = await context.characters();
  const found = await store.find(name);
  if (found) return found;
  const { records } = await store.list();
  const close = nearest(
    name,
    records.map((one) => one.name),
  );
  throw new SoraError('usage', `There is no character "${name}".`, {
    hint:
      close === undefined
        ? `Make one: sora character create <clip> --name ${JSON.stringify(name)}`
        : `Did you mean ${close}?`,
  });
}

/** `sora character list` */
export async function runCharacterList(context: Context): Promise<undefined> {
  const { ui } = context;
  const { records, broken } = await (await context.characters()).list();
  for (const { path, reason } of broken) ui.warn(`Skipped ${path}: ${reason}`);
  const documents = await Promise.all(records.map((one) => characterDocument(context, one)));
  ui.result({
    json: documents,
    text:
      records.length === 0
        ? 'The cast is empty. Make a character: sora character create <clip> --name <name>'
        : ui.table(
            ['NAME', 'CLIP', 'REGISTERED WITH', 'CREATED'],
            records.map((one) => [
              one.name,
              `${formatSize(one.master)} ${one.master.seconds.toFixed(2)} s`,
              registeredWith(one) || '-',
              one.createdAt.replace(/\.\d+Z$/, 'Z'),
            ]),
          ),
    quiet: records.map(({ name }) => name),
  });
}

function registeredWith({ registrations }: Character): string {
  const living = registrations.filter(({ stale }) => stale !== true);
  return [...new Set(living.map(({ provider, value }) => `${provider} ${value}`))].join(', ');
}

/** `sora character show <name>` */
export async function runCharacterShow(context: Context, name: string): Promise<undefined> {
  const { ui } = context;
  const document = await characterDocument(context, await requireCharacter(context, name));
  const { master, source, registrations } = document;
  const lines = [
    ui.paint.bold(document.name),
    `  clip        ${formatSize(master)}, ${master.seconds.toFixed(3)} s, ${master.fps.toFixed(3)} fps, ${formatBytes(master.bytes)}`,
    `  file        ${document.clipPath}`,
    `  made from   ${source.fileName}`,
    `  created     ${document.createdAt}`,
    ...registrations.map(
      (one) =>
        `  registered  ${one.value} with ${one.provider} at ${one.baseUrl}, ${one.orientation}, as ${one.name}${one.stale ? ' (no longer known there)' : ''}`,
    ),
  ];
  ui.result({ json: document, text: lines.join('\n'), quiet: [document.name] });
}

/** `sora character rename <name> <new>` */
export async function runCharacterRename(context: Context, name: string, next: string): Promise<undefined> {
  const { ui } = context;
  const before = await requireCharacter(context, name);
  const { checkName } = await import('../store/names.ts');
  const renamed = await (await context.characters()).rename(before.name, checkName(next));
  const elsewhere = renamed.registrations.filter((one) => one.name !== renamed.name);
  if (elsewhere.length > 0) ui.note(`Hosts know it as ${elsewhere[0]?.name}; prompts for them go on saying that.`);
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
    !(await context.confirm(`Remove ${character.name} and its clip?`, 'Add --yes to remove without being asked.'))
  ) {
    throw new SoraError('usage', `${character.name} was kept.`);
  }
  const { clipRemoved } = await (await context.characters()).remove(character.name);
  const hosts = [...new Set(character.registrations.map(({ provider }) => provider))];
  if (hosts.length > 0)
    ui.note(`Its copy at ${hosts.join(', ')} stays there: hosts have no call that deletes a character.`);
  ui.result({
    json: { removed: character.name, clipRemoved },
    text: `${character.name} is removed${clipRemoved ? ', and its clip' : '; its clip stays, because another record may need it'}.`,
    quiet: [character.name],
  });
}
