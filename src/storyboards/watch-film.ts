/** How a film stands while it is rendered: told by the looks that the run takes, and by others in between. */
import { type FilmLook, lookAtFilm, type MakingWishes, type OpenFilm } from './film.ts';
import type { PlannedScene } from './plan-scenes.ts';

export interface FilmWatch {
  /** The run has taken a look. */
  see(look: FilmLook): void;
  /** Tells the last one once more. */
  tell(): void;
  /** Takes one now, and tells it unless another has overtaken it. */
  lookAnew(): Promise<void>;
  /** Nothing is told any more. */
  end(): void;
}

/** `onLook` is told each look, as long as the watch has not ended; undefined where nobody listens. */
export function watchFilm(
  film: OpenFilm,
  scenes: readonly PlannedScene[],
  { wishes, onLook }: { readonly wishes: MakingWishes; readonly onLook: ((look: FilmLook) => void) | undefined },
): FilmWatch {
  let last: FilmLook | undefined;
  let looks = 0;
  let isOver = false;
  const tell = (): void => {
    if (last && !isOver) onLook?.(last);
  };
  const see = (look: FilmLook): void => {
    looks += 1;
    last = look;
    tell();
  };
  return {
    see,
    tell,
    async lookAnew() {
      if (!onLook) return;
      looks += 1;
      const mine = looks;
      const look = await lookAtFilm(film, scenes, { wishes }).catch(() => undefined);
      if (look && mine === looks) see(look);
    },
    end() {
      isOver = true;
    },
  };
}
