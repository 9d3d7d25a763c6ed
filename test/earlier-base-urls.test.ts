/**
 * Earlier versions kept a base URL as it was configured, with the path that a vendor's tools add or without it. What they wrote is
 * found again at the same host: else a request could be paid for twice, and a clip uploaded again.
 */
import { describe, expect, it } from 'vitest';
import { decodeCast } from '../src/characters/cast/cast-format.ts';
import { pendingAt } from '../src/characters/pending.ts';
import { type CharacterJson, decodeCharacter } from '../src/characters/record.ts';
import { registrationAt } from '../src/characters/registration-target.ts';
import { foldCosts } from '../src/costs/ledger.ts';
import { readJournal } from '../src/journal/lines.ts';
import { type HostName, PROVIDERS } from '../src/providers/index.ts';
import { chooseProvider } from '../src/settings/choose-provider.ts';
import { findEarlierJob } from '../src/videos/admission.ts';
import { accountOf, accountsOf } from '../src/videos/jobs/account.ts';
import { fingerprintOf } from '../src/videos/jobs/fingerprint.ts';
import { decodeJob, jobJson } from '../src/videos/jobs/record.ts';
import { asked } from './journal/samples.ts';

const FORMS: readonly (readonly [HostName, string])[] = [
  ['eachlabs', 'https://api.eachlabs.ai/v1'],
  ['eachlabs', 'https://gateway.example/v1'],
  ['runway', 'https://api.dev.runwayml.com/v1'],
  ['wavespeed', 'https://api.wavespeed.ai'],
];

const AT = '2026-11-28T10:00:00.000Z';
const ID = 'job_0mi8ovgg0000000';
const request = { prompt: 'Joe waves.', seconds: 5, size: { width: 1280, height: 720 }, characters: [] };

/** What a command of today compares with. */
function today(provider: HostName, baseUrl: string) {
  const configured = {
    ...{ wishes: { provider, baseUrl }, env: {}, keys: { [provider]: 'k' }, profile: {}, profileName: 'default' },
  };
  return chooseProvider(configured as never);
}

/** As the version before wrote it. */
const lost = (provider: HostName, baseUrl: string, more: object = {}) => ({
  ...{ version: 1, id: ID, provider, baseUrl, account: accountOf({ baseUrl, key: 'k' }), request, characters: [] },
  ...{ fingerprint: fingerprintOf({ provider, baseUrl, request }), status: 'unknown', createdAt: AT, updatedAt: AT },
  ...more,
});

describe.each(FORMS)('what an earlier version wrote of %s at %s', (provider, baseUrl) => {
  const now = today(provider, baseUrl);
  const place = { provider, baseUrl };

  it('names the host in another form than is compared now', () => {
    expect(now.baseUrl).not.toBe(baseUrl);
    expect(PROVIDERS[provider]).toHaveProperty('otherForms');
  });

  it('P2: a lost request stands in the way of an equal one', () => {
    const job = decodeJob(lost(provider, baseUrl));
    const fingerprint = fingerprintOf({ provider, baseUrl: now.baseUrl, request });
    const order = { order: { fingerprint }, key: undefined, resend: false, ownIds: [] };
    expect(findEarlierJob({ records: [job], broken: [] }, order)).toEqual({ duplicate: job });
    expect(decodeJob(jobJson(job))).toEqual(job);
  });

  it('a take keeps the fingerprint of its text', () => {
    expect(decodeJob(lost(provider, baseUrl, { fingerprint: 'a'.repeat(64) })).fingerprint).toBe('a'.repeat(64));
  });

  it('is of the account that its key is of now, and of no other', () => {
    const { account } = decodeJob(lost(provider, baseUrl));
    expect(accountsOf(now)[0]).toBe(accountOf(now));
    expect(accountsOf(now)).toContain(account);
    expect(accountsOf({ ...now, key: 'another' })).not.toContain(account);
  });

  const target = {
    ...{ provider: { name: provider, baseUrl: now.baseUrl }, orientation: 'landscape', mode: 'id', model: undefined },
  } as const;
  const made = { orientation: 'landscape', kind: 'id', value: 'char_1', name: 'Joe', createdAt: AT } as const;
  const document = (more: Partial<CharacterJson>): CharacterJson => ({
    ...{ version: 1, name: 'Joe', registrations: [], createdAt: AT },
    ...more,
  });

  it('P2: a registration is not made again, and one without an answer is not sent again', () => {
    const joe = decodeCharacter(document({ registrations: [{ ...place, ...made }] }));
    expect(registrationAt(joe, target as never, Date.parse(AT))).toMatchObject({ value: 'char_1' });
    const waiting = { ...place, orientation: 'landscape', name: 'Joe', createdAt: AT } as const;
    const pending = decodeCharacter(document({ pending: [waiting, { ...waiting, taskId: 't' }] }));
    expect(pendingAt(pending, target as never)).toMatchObject({ stage: 'sent' });
    expect(pending.pending?.map(({ baseUrl: url }) => url)).toEqual([now.baseUrl, now.baseUrl]);
  });

  it('a picture that was uploaded is known, in a cast as well', () => {
    const upload = { ...place, sha256: 'a'.repeat(64), url: 'https://files.example/1', createdAt: AT };
    expect(decodeCharacter(document({ uploads: [upload] })).uploads).toMatchObject([{ baseUrl: now.baseUrl }]);
    const [joe] = decodeCast({ version: 1, characters: [document({ registrations: [{ ...place, ...made }] })] });
    expect(joe?.character.registrations).toMatchObject([{ baseUrl: now.baseUrl }]);
  });

  it('a take of a journal and what was spent are of the same host', () => {
    const line = asked(undefined, place);
    expect(readJournal(JSON.stringify(line)).lines).toEqual([{ ...line, baseUrl: now.baseUrl }]);
    const entry = { v: 1, id: 'a', at: AT, what: 'character', ...place, characters: ['Joe'], tags: [] };
    expect(foldCosts([entry])).toMatchObject([{ id: 'a', baseUrl: now.baseUrl }]);
  });
});
