/** The shapes of `sora help json`, read from its tables, and what of a document does not fit one. */
import { parseMarkdown, plainText } from '../../src/terminal/markdown.ts';

export interface Field {
  readonly name: string;
  readonly optional: boolean;
  /** Names of shapes, `string`, `number`, `boolean`, `date`, `object` and `null`; an array ends in `[]`. */
  readonly types: readonly string[];
}

export interface Shapes {
  /** The fields of each shape. */
  readonly shapes: ReadonlyMap<string, readonly Field[]>;
  /** The documents of each command, by the words that the table has for it. */
  readonly commands: ReadonlyMap<string, readonly string[]>;
}

/** `A[]`, `A or null`, and `A; B[] with several ids` name types; words around them do not. */
function typesIn(text: string): string[] {
  return text.match(/\b(?:string|number|boolean|date|object|null|[A-Z]\w+)\b(?:\[\])*/g) ?? [];
}

export function readShapes(markdown: string): Shapes {
  const shapes = new Map<string, readonly Field[]>();
  const commands = new Map<string, readonly string[]>();
  let title = '';
  for (const block of parseMarkdown(markdown)) {
    if (block.kind === 'heading') title = plainText(block.text);
    if (block.kind !== 'table') continue;
    if (block.head[0] === 'field') {
      const fields = block.rows.map(([name = '', type = '']) => {
        const [, plain = '', mark = ''] = /^`(\w+)(\??)`$/.exec(name) ?? [];
        return { name: plain, optional: mark === '?', types: typesIn(type) };
      });
      shapes.set(title, fields);
    }
    if (block.head[0] === 'command') {
      for (const [names = '', type = ''] of block.rows) {
        const written = [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
        for (const name of written) commands.set(name, typesIn(type));
      }
    }
  }
  return { shapes, commands };
}

const PLAIN: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(value),
  object: (value) => typeof value === 'object' && value !== null,
  null: (value) => value === null,
};

/** What is wrong with `value`, as a type of `shapes`: one text for each, with the path to it. `seen` collects shapes and fields. */
export function misfits(
  { shapes }: Shapes,
  value: unknown,
  { types, path = '', seen }: { types: readonly string[]; path?: string; seen: Set<string> },
): string[] {
  const each = types.map((type) => misfitsOf(shapes, value, { type, path, seen }));
  return each.some((found) => found.length === 0) ? [] : (each.toSorted((a, b) => a.length - b.length)[0] ?? []);
}

function misfitsOf(
  shapes: Shapes['shapes'],
  value: unknown,
  { type, path, seen }: { type: string; path: string; seen: Set<string> },
): string[] {
  if (type.endsWith('[]')) {
    const item = type.slice(0, -2);
    if (!Array.isArray(value)) return [`${path} is no array`];
    return value.flatMap((one, index) => misfitsOf(shapes, one, { type: item, path: `${path}[${index}]`, seen }));
  }
  const plain = PLAIN[type];
  if (plain) return plain(value) ? [] : [`${path} is no ${type}`];
  const fields = shapes.get(type);
  if (!fields) return [`${path}: there is no shape ${type}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no ${type}`];
  const named = new Map(fields.map((field) => [field.name, field]));
  const there = Object.entries(value);
  const wrong = [
    ...there.filter(([key]) => !named.has(key)).map(([key]) => `${path}.${key} is not a field of ${type}`),
    ...fields
      .filter(({ name, optional }) => !optional && !there.some(([key]) => key === name))
      .map(({ name }) => `${path}.${name} is missing from ${type}`),
    ...there.flatMap(([key, one]) => {
      const field = named.get(key);
      return field
        ? misfits({ shapes, commands: new Map() }, one, { types: field.types, path: `${path}.${key}`, seen })
        : [];
    }),
  ];
  if (wrong.length === 0) {
    seen.add(type);
    for (const [key] of there) seen.add(`${type}.${key}`);
  }
  return wrong;
}
