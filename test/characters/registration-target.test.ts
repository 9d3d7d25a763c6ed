import { describe, expect, it } from 'vitest';
import { type RegistrationTarget, registrationAt } from '../../src/characters/registration-target.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { Registration } from '../../src/shared/character.ts';
import { START } from '../helpers/runtime.ts';
import { sampleCharacter } from '../helpers/samples.ts';

describe('registrationAt', () => {
  const provider = { name: 'openai', baseUrl: 'https://a/v1' } as Provider;
  const at: RegistrationTarget = { provider, orientation: 'landscape', mode: 'id' };
  const one: Registration = {
    ...{ provider: 'openai', baseUrl: 'https://a/v1', orientation: 'landscape', kind: 'id', value: 'char_1' },
    ...{ name: 'Joe', createdAt: '2026-01-01T00:00:00Z' },
  };

  it.each<[string, Partial<Registration>, boolean]>([
    ['of this host', {}, true],
    ['of another profile', { profile: 'work' }, true],
    ['that expires in an hour', { expiresAt: new Date(START + 3_600_000).toISOString() }, true],
    ['that expires in ten minutes', { expiresAt: new Date(START + 600_000).toISOString() }, false],
    ['that expires a moment later than that', { expiresAt: new Date(START + 600_001).toISOString() }, true],
    ['that expires in a minute', { expiresAt: new Date(START + 60_000).toISOString() }, false],
    ['that has expired', { expiresAt: new Date(START).toISOString() }, false],
    ['that is the URL of the clip', { kind: 'url' }, false],
    ['that the host no longer knows', { stale: true }, false],
    ['of another provider', { provider: 'sandbox' }, false],
    ['of another base URL', { baseUrl: 'https://b/v1' }, false],
    ['of the other orientation', { orientation: 'portrait' }, false],
  ])('one %s is living: %#', (_title, change, living) => {
    const joe = { ...sampleCharacter('Joe'), registrations: [{ ...one, ...change }] };
    expect(registrationAt(joe, at, START)?.value).toBe(living ? 'char_1' : undefined);
  });

  it('is the newest, where several live', () => {
    const joe = { ...sampleCharacter('Joe'), registrations: [one, { ...one, value: 'char_2' }] };
    expect(registrationAt(joe, at, START)?.value).toBe('char_2');
  });

  it('is one from the future only where no other lives', () => {
    const future = { ...one, value: 'char_2', createdAt: '2099-01-01T00:00:00Z' };
    const joe = { ...sampleCharacter('Joe'), registrations: [one, future] };
    expect(registrationAt(joe, at, START)?.value).toBe('char_1');
    expect(registrationAt({ ...joe, registrations: [future] }, at, START)?.value).toBe('char_2');
  });

  it('serves either orientation where there is no clip to turn', () => {
    const joe = { version: 1, name: 'Joe', createdAt: one.createdAt, registrations: [one] } as const;
    expect(registrationAt(joe, { ...at, orientation: 'portrait' }, START)?.value).toBe('char_1');
  });
});
