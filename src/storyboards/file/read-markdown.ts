/** A storyboard in Markdown as the same plain values that JSON has. Pure. */

import { type Located, type Path, readFrontMatter, twice } from './located.ts';
import { readMarkdown, type Section } from './markdown.ts';
import type { Problem } from './problem.ts';

/** What is said by the heading and the text below it, and not in a list. */
const NO_SETTINGS: Readonly<Record<string, string>> = {
  id: 'an id stands in the heading: "## Harbour {#harbour}".',
  heading: 'a heading is written with "##".',
  prompt: 'a prompt is the text below the settings.',
};

/** Lines end with a line feed. */
export async function readMarkdownFilm(text: string): Promise<Located> {
  const { frontMatter, sections, problems: unread } = readMarkdown(text);
  const hasNoEnd = frontMatter === undefined && unread.length > 0 && sections.length === 0;
  const front = frontMatter && (await readFrontMatter(frontMatter.text, frontMatter.line));
  const problems: Problem[] = [...unread, ...(front?.problems ?? [])];
  // Where it cannot be read, the scenes still can.
  const own = front ? (front.value ?? { sora: '1' }) : {};
  if (typeof own === 'object' && Object.hasOwn(own, 'scenes')) {
    problems.push({
      line: front?.lineOf(['scenes']),
      text: 'scenes do not stand in the front matter: each has a heading.',
    });
  }
  const lines = text.split('\n');
  const scenes = sections.map((section) => sceneOf(section, problems));
  const lineOf = (path: Path, part?: string): number | undefined => {
    const [first, index, key] = path;
    if (first !== 'scenes') return front?.lineOf(path) ?? 1;
    const section = sections[Number(index)];
    if (section === undefined || key === undefined) return section?.line ?? lines.length;
    const setting = section.settings.find(({ name }) => name === key);
    if (setting) return setting.line;
    if (key !== 'prompt' || part === undefined) return section.line;
    const at = lines.findIndex((line, number) => number >= section.line && line.includes(part));
    return at === -1 || at >= section.endLine ? section.line : at + 1;
  };
  return { ...(!hasNoEnd && { value: { ...own, scenes } }), problems, lineOf };
}

function sceneOf({ heading, line, settings, prompt }: Section, problems: Problem[]): Record<string, unknown> {
  const [, id] = /\{#([^{}]*)\}$/.exec(heading) ?? [];
  const words = id === undefined ? heading : heading.slice(0, -id.length - 3).trim();
  const seen = new Map<string, number>();
  const scene: Record<string, unknown> = Object.create(null);
  for (const { name, value, line: number } of settings) {
    const first = seen.get(name);
    seen.set(name, first ?? number);
    const other = Object.hasOwn(NO_SETTINGS, name) ? NO_SETTINGS[name] : undefined;
    if (other !== undefined) problems.push({ line: number, text: other });
    else if (first !== undefined) problems.push({ line: number, text: twice(name, first) });
    else scene[name] = value;
  }
  if (words === '' && id === undefined) problems.push({ line, text: 'the heading says nothing.' });
  return {
    ...scene,
    ...(words !== '' && { heading: words }),
    ...(id !== undefined && { id: id.trim() }),
    ...(prompt !== '' && { prompt }),
  };
}
