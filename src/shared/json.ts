/**
 * JSON from outside as a value, in one place: how deeply it is nested is bounded here, as most of what reads or writes values
 * calls itself for each level. Pure.
 */

/**
 * Throws an Error that says what is wrong, without a full stop, and never quotes the text: a key may stand in it. `levels`
 * is how deeply lists and objects may be nested.
 */
export function parseBoundedJson(text: string, levels: number): unknown {
  let value: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    // biome-ignore lint/plugin: this is the place
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    throw new Error('it is not valid JSON');
  }
  if (isNestedDeeper(text, levels)) throw new Error('it is nested too deeply');
  return value;
}

/** Of text that is known to be JSON. */
export function isNestedDeeper(text: string, levels: number): boolean {
  if (hasAtMost(text, levels)) return false;
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) isString = !isString;
    else if (isString) at += char === BACKSLASH ? 1 : 0;
    // Of both kinds the closing one is two behind the opening one.
    else if (char === BRACKET || char === BRACE) depth += 1;
    else if (char === BRACKET + 2 || char === BRACE + 2) depth -= 1;
    if (depth > levels) return true;
  }
  return false;
}

const [QUOTE = 0, BACKSLASH = 0, BRACKET = 0, BRACE = 0] = [...'"\\[{'].map((char) => char.charCodeAt(0));

/** True for most texts, at once: of so few brackets none can be as deep. */
function hasAtMost(text: string, brackets: number): boolean {
  let found = 0;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      found += 1;
      if (found > brackets) return false;
    }
  }
  return true;
}
