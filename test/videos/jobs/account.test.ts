import { describe, expect, it } from 'vitest';
import { accountOf } from '../../../src/videos/jobs/account.ts';

describe('an account', () => {
  it('is eight digits that tell keys and hosts apart', () => {
    const one = accountOf({ baseUrl: 'https://a.example', key: 'k' });
    expect(one).toMatch(/^[0-9a-f]{8}$/);
    expect(accountOf({ baseUrl: 'https://a.example', key: 'l' })).not.toBe(one);
    expect(accountOf({ baseUrl: 'https://b.example', key: 'k' })).not.toBe(one);
    expect(accountOf({ baseUrl: 'https://a.example', key: undefined })).not.toBe(one);
  });
});
