/** Pictures of a character at a host whose models read them by URL: each is uploaded once, as long as the host keeps it. */

import { basename } from 'node:path';
import { hostTitle } from '../../providers/index.ts';
import { type Character, type StillUpload, stillFile } from '../../shared/character.ts';
import type { Workspace } from '../../workspace.ts';
import { requireCharacter } from '../find.ts';
import { sayPublicUploads } from '../public-files.ts';
import { takesNone } from '../registration-host.ts';
import { type Known, type RegistrationTarget, registrationAt, uploadAt } from '../registration-target.ts';

/**
 * Uploads those that the host lacks; each is recorded as soon as the host has answered. What the host knows all of them as. Throws
 * what the provider throws, and `usage` for a host that takes none.
 */
export async function uploadPictures(
  workspace: Workspace,
  { name }: Pick<Character, 'name'>,
  target: RegistrationTarget,
): Promise<Known> {
  const { runtime, reporter } = workspace;
  const { provider, pictures = [] } = target;
  const { clips } = provider;
  if (!clips) throw takesNone(provider);
  await sayPublicUploads(workspace, provider);
  const store = await workspace.characters();
  const now = (): number => runtime.clock.now();
  const words = `${pictures.length === 1 ? 'picture' : 'pictures'} of ${name}`;
  const task = await reporter.task(`Uploading ${pictures.length} ${words} to ${hostTitle(provider)}`);
  try {
    for (const still of pictures) {
      if (uploadAt(await requireCharacter(workspace, name), target, { still, nowMs: now() })) continue;
      const { extension } = stillFile(still);
      const file = { clipPath: still.path, fileName: `picture.${extension}`, mime: still.mime };
      const { url, expiresAt } = await clips.upload(file, { signal: runtime.signal });
      const upload: StillUpload = {
        ...{ provider: provider.name, baseUrl: provider.baseUrl, sha256: still.sha256, url },
        createdAt: new Date(now()).toISOString(),
        ...(expiresAt !== undefined && { expiresAt }),
      };
      await store.update(name, (current) => {
        const isSamePlace = (one: StillUpload): boolean =>
          one.provider === upload.provider && one.baseUrl === upload.baseUrl && one.sha256 === upload.sha256;
        return { ...current, uploads: [...(current.uploads ?? []).filter((one) => !isSamePlace(one)), upload] };
      });
    }
    const known = registrationAt(await requireCharacter(workspace, name), target, now());
    if (!known)
      throw new TypeError(
        `the ${words} were uploaded and are not known: ${pictures.map(({ path }) => basename(path))}`,
      );
    task.done(`${pictures.length} ${words} are at ${hostTitle(provider)}`);
    return known;
  } catch (error) {
    task.fail(`The ${words} are not at ${hostTitle(provider)}`);
    throw error;
  }
}
