/** A template tag for HTML that escapes everything that is put into it but what it has made itself. Pure. */

/** Markup that is whole. Made by the tag alone. */
export class Html {
  readonly #markup: string;

  constructor(parts: TemplateStringsArray, values: readonly HtmlValue[]) {
    this.#markup = parts.map((part, index) => part + (index < values.length ? markupOf(values[index]) : '')).join('');
  }

  toString(): string {
    return this.#markup;
  }

  static is(value: unknown): value is Html {
    return typeof value === 'object' && value !== null && #markup in value;
  }
}

/** What is absent, or false, is nothing. */
export type HtmlValue = Html | string | number | false | undefined | readonly HtmlValue[];

/** For elements, and for attributes in double quotes; never inside of `script` or `style`, where nothing can be escaped. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts, values);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.map(markupOf).join('');
  return Html.is(value) ? String(value) : escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
