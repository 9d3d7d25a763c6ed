import { describe, expect, it } from 'vitest';
import { batchWorld } from './world.ts';

describe('a line that says how clips are brought into the frame', () => {
  it('is another request with another framing, and the one that it was without', async () => {
    const world = await batchWorld();
    const line = { id: 'a', prompt: 'A sea.' };
    await world.write([line]);
    expect(await world.run()).toMatchObject({ exit: 0 });
    for (const wish of [{ fit: 'crop' }, { focus: '0.2,0.5' }]) {
      await world.write([{ ...line, ...wish }]);
      await expect(world.run()).rejects.toMatchObject({ code: 'usage', hint: expect.stringContaining('--changed') });
    }
    await world.write([line]);
    expect(await world.run()).toMatchObject({ exit: 0 });
    expect(await world.made()).toHaveLength(1);
  });
});
