/**
 * Back-pressure below undici's parser: a socket hands out nothing while what it brought lies unread. The parser itself is
 * never paused: in undici 7 a paused one ends the process when the host closes (https://github.com/nodejs/undici/issues/5360;
 * mended in 8, which needs Node 22).
 */
import type { Socket } from 'node:net';

export interface BackPressure {
  /** From here on the socket is read by its 'readable' events, and while there is room only. */
  attach(socket: Socket): void;
  /** There may be room again: what was held back is read. */
  resume(): void;
}

/** `isFull` is asked before each read. What is read beyond it is at most what the socket itself buffers. */
export function createBackPressure(isFull: () => boolean): BackPressure {
  const held = new Set<Socket>();
  return {
    attach(socket) {
      const read = socket.read.bind(socket);
      socket.read = (size?: number): unknown => {
        if (!isFull()) return read(size);
        held.add(socket);
        return null;
      };
    },
    resume() {
      if (isFull()) return;
      const waiting = [...held];
      held.clear();
      for (const socket of waiting) {
        // The stream has told of this data already and does not do so again before it was read.
        socket.emit('readable');
      }
    },
  };
}
