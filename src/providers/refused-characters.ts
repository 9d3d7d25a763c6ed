/** Which of a request's characters a refusal names: what hosts that cannot be asked about characters say of them. */
import { isSoraError } from '../shared/errors.ts';
import type { NewVideo } from './provider.ts';

/** A shorter name may stand in any sentence. */
const LEAST_CHARS = 4;

/** Runs `create`; a refusal of it is told the characters that it names, by their ids or the file names of their clips. */
export async function tellRefusedCharacters<T>(
  { characters }: Pick<NewVideo, 'characters'>,
  create: () => Promise<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (isSoraError(error, 'refused')) {
      const { message } = error;
      error.refusedCharacters = characters.filter((value) => {
        const name = nameOf(value);
        return name.length >= LEAST_CHARS && message.includes(name);
      });
    }
    throw error;
  }
}

function nameOf(value: string): string {
  if (!/^https?:/.test(value) || !URL.canParse(value)) return value;
  return new URL(value).pathname.split('/').at(-1) ?? '';
}
