/** What a model and a host take: sizes, lengths, inputs. */

import type { Size } from '../shared/geometry.ts';
import type { CharacterInput } from './references.ts';

/** What is asked of a video besides its prompt and its cast. */
export type Setting = 'length' | 'shape' | 'resolution';

export interface ProviderLimits {
  /** By what the model takes characters, the best input first; empty where it takes none. */
  readonly characterInputs: readonly CharacterInput[];
  /** Since when the model is retired where this host offers it: other models may answer in its name. */
  readonly retired?: string;
  readonly promptChars: number;
  /** False where the model refuses pictures and clips of people, also of those whom nobody can tell from real ones. */
  readonly people?: false;
  /** Words in a prompt by which the model guesses that a clip is to be edited, and refuses length and shape then. */
  readonly editWords?: readonly string[];
  /** Those that are known; empty where nothing is. */
  readonly sizes: readonly Size[];
  readonly seconds: readonly number[];
  /** What the model has no input for that is known here: it decides that itself. */
  readonly untold?: readonly Setting[];
  /** The host says that the model is on its way out. */
  readonly deprecated?: true;
  /**
   * What the host is told of a size. Where it is a ratio or a resolution, the adapter refuses a size that has no such words, and
   * any other is as documented as its words.
   */
  readonly sizeTerm: 'pixels' | 'ratio';
  /**
   * Where a model makes sides that are multiples of a number, or some shorter sides alone: what is neither is changed to its shape
   * with `shortSide` before it is asked for.
   */
  readonly frame?: { readonly shortSide: number } & (
    | { readonly sideMultiple: number }
    | { readonly shortSides: readonly number[] }
  );
  /**
   * Whether others are refused: these are documented of this very model by the vendor, and it is the vendor's own server.
   * Elsewhere they earn a warning: gateways and servers of one's own differ from documentation.
   */
  readonly isBinding: boolean;
}

/** What is known of a model, wherever it is served. */
export type ModelLimits = Omit<ProviderLimits, 'isBinding'>;

export interface ExtensionLimits {
  /** What one extension may add. */
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  /** One after the other, from the first video on. */
  readonly times: number;
  /** Of the whole video afterwards. */
  readonly totalSeconds: number;
}
