/** Finds a font of this machine that has all letters of a text, by the fonts' own tables (OpenType, `cmap`). */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, posix, win32 } from 'node:path';
import { absolutePath } from '../../disk/paths.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a platform keeps its fonts, those of the user last. Pure. */
export function fontFolders(env: Environment, platform: string, homeDir: string | undefined): string[] {
  const flavour = platform === 'win32' ? win32 : posix;
  const ofHome = (...names: string[]): string[] => (homeDir === undefined ? [] : [flavour.join(homeDir, ...names)]);
  const own = (variable: string): string[] => [absolutePath(env, variable, platform) ?? []].flat();
  if (platform === 'win32') {
    const local = [...own('LOCALAPPDATA'), ...ofHome('AppData', 'Local')].slice(0, 1);
    return ['C:\\Windows\\Fonts', ...local.map((folder) => win32.join(folder, 'Microsoft', 'Windows', 'Fonts'))];
  }
  if (platform === 'darwin') return ['/System/Library/Fonts', '/Library/Fonts', ...ofHome('Library', 'Fonts')];
  const data = [...own('XDG_DATA_HOME'), ...ofHome('.local', 'share')].slice(0, 1);
  const ofUser = [...data.map((folder) => posix.join(folder, 'fonts')), ...ofHome('.fonts')];
  return ['/usr/share/fonts', '/usr/local/share/fonts', ...ofUser];
}

/** Path of a font that has every letter; a plain one where there are several. The same fonts give the same answer. */
export async function findFont(text: string, folders: readonly string[]): Promise<string | undefined> {
  const wanted = new Set([...text].filter((char) => char.trim() !== '').map((char) => char.codePointAt(0) ?? 0));
  const paths = (await Promise.all(folders.map(fontsIn))).flatMap((some) => some.toSorted());
  for (const path of paths.toSorted((a, b) => oddity(a) - oddity(b))) {
    if (await hasAll(path, wanted)) return path;
  }
  return undefined;
}

async function fontsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => /\.(?:ttf|ttc|otf|otc)$/i.test(name)).map((name) => join(folder, name));
}

const STYLED = /bold|black|heavy|thin|light|medium|italic|oblique|condensed|mono|emoji/i;
const PLAIN = /sans|gothic|kaku|hei|meiryo|gulim|malgun|pingfang|segoeui|arial|helvetica/i;

/** By its name: how unlike the other letters of a sheet it would look. */
function oddity(path: string): number {
  const name = basename(path);
  return (STYLED.test(name) ? 2 : 0) + (PLAIN.test(name) ? 0 : 1);
}

/** Fonts hold little more than a hundred thousand letters; what says that its table is longer is damaged. */
const MOST_BYTES = 4_000_000;

/** False for a file that is no font, or a damaged one. */
async function hasAll(path: string, wanted: ReadonlySet<number>): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    const tables = await unicodeTables(path);
    return [...wanted].every((code) => tables.some((table) => glyphOf(table, code) !== 0));
  } catch {
    return false;
  }
}

/** What maps Unicode to glyphs; of a collection, that of its first font, which is the one that ffmpeg takes. */
async function unicodeTables(path: string): Promise<DataView[]> {
  const file = await open(path);
  const read = async (at: number, bytes: number): Promise<DataView> => {
    if (bytes > MOST_BYTES) throw new RangeError('no table is as long');
    const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), { position: at });
    return new DataView(buffer.buffer, 0, bytesRead);
  };
  try {
    const head = await read(0, 16);
    const base = head.getUint32(0) === TTCF ? head.getUint32(12) : 0;
    const count = (await read(base, 12)).getUint16(4);
    const list = await read(base + 12, count * 16);
    const at = Array.from({ length: count }, (_, index) => index * 16).find((one) => list.getUint32(one) === CMAP);
    if (at === undefined) return [];
    const cmap = await read(list.getUint32(at + 8), list.getUint32(at + 12));
    return Array.from({ length: cmap.getUint16(2) }, (_, index) => 4 + index * 8)
      .filter((one) => cmap.getUint16(one) === 0 || (cmap.getUint16(one) === 3 && cmap.getUint16(one + 2) !== 0))
      .map((one) => new DataView(cmap.buffer, cmap.getUint32(one + 4), cmap.byteLength - cmap.getUint32(one + 4)));
  } finally {
    await file.close();
  }
}

const TTCF = 0x74746366;
const CMAP = 0x636d6170;

/** 0 for a letter that the table does not have, and in forms that no font has used for long. */
function glyphOf(table: DataView, code: number): number {
  const form = table.getUint16(0);
  return form === 12 ? glyphInGroups(table, code) : form === 4 ? glyphInSegments(table, code) : 0;
}

function glyphInGroups(table: DataView, code: number): number {
  for (let at = 16, end = 16 + table.getUint32(12) * 12; at < end; at += 12) {
    const first = table.getUint32(at);
    if (code >= first && code <= table.getUint32(at + 4)) return table.getUint32(at + 8) + code - first;
  }
  return 0;
}

function glyphInSegments(table: DataView, code: number): number {
  const bytes = table.getUint16(6);
  for (let at = 14; at < 14 + bytes; at += 2) {
    if (code > table.getUint16(at)) continue;
    const first = table.getUint16(at + bytes + 2);
    if (code < first) return 0;
    const [delta, range] = [table.getUint16(at + 2 * bytes + 2), table.getUint16(at + 3 * bytes + 2)];
    if (range === 0) return (code + delta) & 0xffff;
    return table.getUint16(at + 3 * bytes + 2 + range + 2 * (code - first));
  }
  return 0;
}
