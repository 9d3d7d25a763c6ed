/** Folders as they were at a moment. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** By path below the root, parents first; what is no file has no bytes. */
export type Tree = ReadonlyMap<string, { readonly mode: number; readonly bytes: Buffer | undefined }>;

/** What is in these folders of the root. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const tree = new Map<string, { mode: number; bytes: Buffer | undefined }>();
  const add = (path: string): void => {
    const at = join(root, path);
    const stats = statSync(at);
    tree.set(path, { mode: stats.mode & 0o777, bytes: stats.isDirectory() ? undefined : readFileSync(at) });
    if (stats.isDirectory()) for (const name of readdirSync(at)) add(join(path, name));
  };
  folders.forEach(add);
  return tree;
}

/** Makes them what they were. Touches only what is different: reading costs a tenth of writing and deleting. */
export function restoreTree(root: string, tree: Tree): void {
  const folders = [...tree.keys()].filter((path) => !path.includes('/'));
  const now = readTree(root, folders);
  for (const path of now.keys()) if (!tree.has(path)) rmSync(join(root, path), { recursive: true, force: true });
  for (const [path, { mode, bytes }] of tree) {
    const at = join(root, path);
    const present = now.get(path);
    if (bytes === undefined) {
      if (!present) mkdirSync(at);
    } else if (present?.bytes?.equals(bytes) !== true) writeFileSync(at, bytes);
    if (present?.mode !== mode) chmodSync(at, mode);
  }
}
