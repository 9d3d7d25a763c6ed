/**
 * The subset of Markdown that a storyboard is written in. It is read line by line and not by a Markdown library: the
 * text of a prompt is sent as it was typed, which a tree of Markdown no longer has, and every problem names its line. Pure.
 */
import type { Problem } from './problem.ts';

export interface MarkdownFilm {
  /** What stands between the first two lines of `---`; `line` is that of its first line. */
  readonly frontMatter?: { readonly text: string; readonly line: number };
  readonly sections: readonly Section[];
  readonly problems: readonly Problem[];
}

/** What follows a heading of the second level. */
export interface Section {
  /** Without the marks of a heading; it may end in `{#id}`. */
  readonly heading: string;
  readonly line: number;
  readonly settings: readonly Setting[];
  /** Paragraphs, items of lists and the lines of code blocks; without quotes and comments. */
  readonly prompt: string;
  readonly endLine: number;
}

export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

const RULER = /^---[ \t]*$/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const BREAK = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const QUOTE = /^ {0,3}>/;
const ITEM = /^[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const SETTING = /^ {0,3}([-*+])[ \t]+(?=\S)/;
const INDENTED = /^(?: {2}|\t)/;

/** Lines end with a line feed. */
export function readMarkdown(text: string): MarkdownFilm {
  const lines = text.split('\n');
  const problems: Problem[] = [];
  const isFronted = RULER.test(lines[0] ?? '');
  const end = isFronted ? lines.findIndex((line, index) => index > 0 && RULER.test(line)) : -1;
  if (isFronted && end === -1) {
    problems.push({ line: 1, text: 'the front matter has no end: a line of "---" is missing.' });
    return { sections: [], problems };
  }
  const reader = createReader(problems);
  lines.forEach((line, index) => {
    if (index > end) reader.line(line, index + 1);
  });
  const sections = reader.end(lines.length);
  if (!isFronted) return { sections, problems };
  return { frontMatter: { text: lines.slice(1, end).join('\n'), line: 2 }, sections, problems };
}

/** What the line before was, as far as the next one goes on with it. */
type Open = 'nothing' | 'text' | 'item' | 'quote' | 'setting';

function createReader(problems: Problem[]) {
  const sections: Section[] = [];
  let section: OpenSection | undefined;
  let open: Open = 'nothing';
  let fence: { readonly mark: string; readonly indent: number; readonly line: number } | undefined;
  let commentLine: number | undefined;

  const complain = (line: number, words: string): void => void problems.push({ line, text: words });

  const close = (line: number): void => {
    if (section) sections.push({ ...section.settled(), endLine: line });
    section = undefined;
    open = 'nothing';
  };

  /** The line without its comments; undefined where it had nothing else. */
  const withoutComments = (line: string, number: number): string | undefined => {
    let kept = '';
    let at = 0;
    let had = false;
    while (at < line.length) {
      if (commentLine !== undefined) {
        had = true;
        const end = line.indexOf('-->', at);
        if (end === -1) break;
        commentLine = undefined;
        at = end + 3;
        continue;
      }
      const start = line.indexOf('<!--', at);
      kept += line.slice(at, start === -1 ? undefined : start);
      if (start === -1) break;
      commentLine = number;
      at = start + 4;
    }
    return (had || commentLine !== undefined) && kept.trim() === '' ? undefined : kept;
  };

  const heading = (level: number, text: string, line: number): void => {
    if (level > 2) {
      if (section) complain(line, 'a scene has no headings inside: "##" begins a scene, and ">" a note.');
      open = 'nothing';
      return;
    }
    close(line - 1);
    // A heading of the first level is for people, as is what follows it.
    if (level === 2) section = openSection(text, line);
  };

  /** True for a line of the list of settings. */
  const setting = (line: string, number: number, into: OpenSection): boolean => {
    const [, marker = ''] = SETTING.exec(line) ?? [];
    if (marker !== '' && marker === (into.marker ?? marker)) {
      const text = line.replace(SETTING, '').trim();
      const [, name = '', value = ''] = /^([^:]*):(.*)$/.exec(text) ?? [];
      if (name.trim() !== '') into.set({ marker, name: name.trim(), value: value.trim(), line: number });
      else {
        into.marker = marker;
        complain(number, 'a setting is written "- name: value". A list that belongs to the prompt comes after a text.');
      }
      open = 'setting';
      return true;
    }
    if (into.marker !== undefined && INDENTED.test(line)) {
      complain(number, 'a setting ends with its line, and a prompt is not indented.');
      return true;
    }
    return false;
  };

  const content = (line: string, number: number): void => {
    if (!section) {
      open = QUOTE.test(line) ? 'quote' : ITEM.test(line) ? 'item' : 'text';
      return;
    }
    if (!section.hasPrompt() && setting(line, number, section)) return;
    if (/^ {0,3}##[^#\s]/.test(line)) complain(number, 'a heading has a space after "##".');
    const isItem = ITEM.test(line);
    section.add(isItem ? line.trimEnd() : line.trim(), { joined: !isItem && (open === 'text' || open === 'item') });
    open = isItem ? 'item' : open === 'item' ? 'item' : 'text';
  };

  return {
    line(raw: string, number: number): void {
      if (fence) {
        const ended = raw.trim();
        if (ended.startsWith(fence.mark) && ended === fence.mark[0]?.repeat(ended.length)) fence = undefined;
        else section?.add(dedent(raw, fence.indent), { joined: false });
        return;
      }
      const line = withoutComments(raw, number);
      if (line === undefined) return;
      if (line.trim() === '') {
        section?.gap();
        open = 'nothing';
        return;
      }
      const [, indent = '', mark] = FENCE.exec(line) ?? [];
      if (mark !== undefined) {
        fence = { mark, indent: indent.length, line: number };
        open = 'nothing';
        return;
      }
      const [, marks] = HEADING.exec(line) ?? [];
      if (marks !== undefined) {
        heading(marks.length, withoutMarks(line), number);
        return;
      }
      if (open === 'text' && UNDERLINE.test(line)) {
        const isFirst = line.trim().startsWith('=');
        if (section || !isFirst)
          complain(number, 'a heading that is underlined is none here: a scene begins with "## ".');
        open = 'nothing';
        return;
      }
      if (BREAK.test(line)) {
        section?.gap();
        open = 'nothing';
        return;
      }
      if (QUOTE.test(line) || (open === 'quote' && !ITEM.test(line))) {
        section?.gap();
        open = 'quote';
        return;
      }
      content(line, number);
    },
    end(line: number): readonly Section[] {
      if (fence) complain(fence.line, `the code block has no end: a line of "${fence.mark}" is missing.`);
      if (commentLine !== undefined) complain(commentLine, 'the comment has no end: "-->" is missing.');
      close(line);
      return sections;
    },
  };
}

type OpenSection = ReturnType<typeof openSection>;

function openSection(heading: string, line: number) {
  const settings: Setting[] = [];
  const blocks: string[] = [];
  let isApart = true;
  return {
    /** Of the list of settings, once it has begun. */
    marker: undefined as string | undefined,
    set({ marker, ...setting }: Setting & { readonly marker: string }): void {
      this.marker = marker;
      settings.push(setting);
    },
    hasPrompt: () => blocks.length > 0,
    gap(): void {
      isApart = true;
    },
    add(text: string, { joined }: { readonly joined: boolean }): void {
      const before = blocks.at(-1) ?? '';
      if (blocks.length === 0) blocks.push(text);
      else if (joined && !isApart) blocks.push(needsSpace(before, text) ? ' ' : '', text);
      else blocks.push(isApart ? '\n\n' : '\n', text);
      isApart = false;
    },
    settled: () => ({ heading, line, settings, prompt: blocks.join('').trim() }),
  };
}

/** Scripts that put no spaces between words, and their punctuation. */
const UNSPACED =
  /[\p{Script_Extensions=Han}\p{Script_Extensions=Hiragana}\p{Script_Extensions=Katakana}\uff00-\uff60]/u;

function needsSpace(before: string, after: string): boolean {
  const last = [...before.slice(-2)].at(-1) ?? '';
  const [first = ''] = after.slice(0, 2);
  return !(UNSPACED.test(last) && UNSPACED.test(first));
}

function withoutMarks(line: string): string {
  const text = line.replace(HEADING, '').trim();
  const open = text.replace(/#+$/, '');
  // Marks at the end belong to the heading only behind a space.
  return open === '' || /[ \t]$/.test(open) ? open.trim() : text;
}

function dedent(line: string, spaces: number): string {
  let at = 0;
  while (at < spaces && line[at] === ' ') at += 1;
  return line.slice(at);
}
