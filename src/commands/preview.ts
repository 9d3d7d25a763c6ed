/** What a dry run shows: the exact request, and what it would cost. */
import type { Context } from '../context.ts';
import { type BillItem, describeBill, totalOf } from '../providers/cost.ts';
import type { WireRequest } from '../providers/provider.ts';

export interface Preview {
  /** As it is sent. */
  readonly prompt: string;
  /** The names that were put into the prompt, where that is done at all. */
  readonly injected?: readonly string[];
  /** The characters whom the prompt alone has named, where that is done at all. */
  readonly autoCast?: readonly string[];
  readonly request: WireRequest;
  readonly bill: readonly BillItem[];
}

/** The request on stdout, its cost on stderr; with `--json`, both in one document. */
export function showRequest({ ui }: Context, { prompt, injected, autoCast, request, bill }: Preview): void {
  if (request.note !== undefined) ui.note(request.note);
  ui.note(`Cost: ${describeBill(bill)}`);
  ui.result({
    json: {
      prompt,
      ...(injected && { injected }),
      ...(autoCast && { autoCast }),
      request,
      cost: totalOf(bill) ?? null,
    },
    text: requestText(request),
    quiet: [prompt],
  });
}

/** A request as a person reads it. */
export function requestText({ method, url, contentType, body }: WireRequest): string {
  return `${method} ${url} (${contentType})\n${JSON.stringify(body, null, 2)}`;
}
