/** Bodies that are no JSON, told in a few words: pages, texts, and what is neither. Pure. */

/** What a body is that is no complaint in JSON: `a web page (“Sign in”)`, `the text “No.”`. In linear time. */
export function describeText(body: string, contentType = ''): string {
  const text = body.slice(0, MOST_READ);
  if (text === '') return 'an empty body';
  if (NO_TEXT.test(text.slice(0, 400))) return 'something that is no text';
  // Stores answer in XML.
  const isPage = (/^</.test(text) && !text.startsWith('<?xml')) || contentType.includes('html');
  const title = titleOf(text);
  const words = shorten(text.startsWith('<') ? withoutTags(text) : text, 160);
  return isPage ? `a web page (“${title ? shorten(title, 160) : words}”)` : `the text “${words}”`;
}

/** Of a page, characters: its title and its first words stand at its beginning. */
const MOST_READ = 65_536;

function titleOf(page: string): string | undefined {
  const open = page.search(/<title/i);
  const from = open < 0 ? 0 : page.indexOf('>', open) + 1;
  if (from === 0) return undefined;
  const end = page.indexOf('<', from);
  return page.slice(from, end < 0 ? undefined : end).trim();
}

/** The words of a page, in linear time: a pattern that looks for the end of each tag would look through the rest for each `<`. */
function withoutTags(page: string): string {
  const parts: string[] = [];
  const missing = new Set<string>();
  let at = 0;
  for (let open = page.indexOf('<'); open >= 0; open = page.indexOf('<', at)) {
    const name = /^(?:script|style)/i.exec(page.slice(open + 1, open + 7))?.[0].toLowerCase();
    let close = name === undefined || missing.has(name) ? -1 : page.slice(open).search(new RegExp(`</${name}>`, 'i'));
    if (close >= 0) close = page.indexOf('>', open + close);
    else {
      if (name !== undefined) missing.add(name);
      close = page.indexOf('>', open);
    }
    if (close < 0) break;
    parts.push(page.slice(at, open));
    at = close + 1;
  }
  return [...parts, page.slice(at)].join(' ');
}

/** What a video or a picture looks like when it is read as text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const NO_TEXT = /[\u0000-\u0006\ufffd]/;

/** On one line, and cut. */
export function shorten(text: string, chars: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > chars ? `${line.slice(0, chars)}…` : line;
}
