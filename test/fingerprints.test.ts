/**
 * What stops a second payment is compared with records of earlier builds: the fingerprint of a request, and the words that
 * are put into its prompt, must stay what they were, to the byte. The values in fixtures/home-1 were computed and sent by an
 * earlier build; no expectation here may be brought up to date.
 */
import { describe, expect, it } from 'vitest';
import type { VideoRequest } from '../src/shared/job.ts';
import { fingerprintOf } from '../src/videos/jobs/fingerprint.ts';
import { nameCharacters, pointToCharacters } from '../src/videos/prompt.ts';
import { AFTERWARDS, earlierHome, filesIn, REQUESTS } from './helpers/earlier-home.ts';
import { runHere } from './helpers/here.ts';

const named = (title: string) => REQUESTS.find((one) => one.title === title);

describe('a fingerprint', () => {
  it.each(REQUESTS)('of a request of an earlier build stays what it was: $title', (one) => {
    const request = one.request as VideoRequest;
    expect(fingerprintOf({ provider: one.provider, baseUrl: one.baseUrl, request })).toBe(one.fingerprint);
  });

  it('covers every kind of request', () => {
    const requests = REQUESTS.map(({ request }) => request as VideoRequest);
    expect(new Set(REQUESTS.map(({ fingerprint }) => fingerprint)).size).toBe(REQUESTS.length);
    expect(new Set(REQUESTS.map(({ provider }) => provider))).toEqual(
      new Set(['openai', 'wavespeed', 'eachlabs', 'sandbox']),
    );
    expect(new Set(REQUESTS.map(({ baseUrl }) => baseUrl)).size).toBe(7);
    expect(new Set(requests.map(({ characters }) => characters.length))).toEqual(new Set([0, 1, 2]));
    expect(new Set(requests.map(({ reference }) => reference?.kind))).toEqual(new Set([undefined, 'image', 'url']));
    expect(new Set(requests.map(({ from }) => from?.kind))).toEqual(new Set([undefined, 'extend', 'edit', 'remix']));
    expect(new Set(requests.map(({ model }) => model === undefined))).toEqual(new Set([true, false]));
  });

  it('is of the composed form of the letters', () => {
    const decomposed = named('decomposed letters');
    expect(decomposed?.args[2]).not.toBe(decomposed?.args[2]?.normalize('NFC'));
    expect(decomposed?.request.prompt).toBe(decomposed?.args[2]?.normalize('NFC'));
  });
});

describe('the words in a prompt', () => {
  it.each<[string, readonly string[], string]>([
    ['He waves.', ['Joe'], 'Featuring Joe. He waves.'],
    ['They dance.', ['Joe', 'Mia'], 'Featuring Joe and Mia. They dance.'],
    ['They dance.', ['Joe', 'Mia', 'Zoë'], 'Featuring Joe, Mia and Zoë. They dance.'],
    ['Mia dances.', ['Joe', 'Mia'], 'Featuring Joe. Mia dances.'],
    ['He sits.', ['Bob Jr.'], 'Featuring Bob Jr. He sits.'],
    ['', ['Joe'], 'Featuring Joe.'],
    ['A and B sing.', ['A', 'B', 'A and B'], 'Featuring A. Featuring B. A and B sing.'],
    ['Zoe\u0308 reads.', ['Zo\u00eb'], 'Zo\u00eb reads.'],
  ])('that name characters: %j with %j', (prompt, names, expected) => {
    expect(nameCharacters(prompt, names).prompt).toBe(expected);
  });

  it.each<[string, readonly string[], string]>([
    ['Joe waves.', ['Joe'], 'Joe waves. Joe is the character in @Video1.'],
    ['They dance.', ['Joe', 'Mia'], 'They dance. Joe is the character in @Video1. Mia is the character in @Video2.'],
    ['Joe from @Video1 sings.', ['Joe', 'Mia'], 'Joe from @Video1 sings. Mia is the character in @Video2.'],
    ['See @Video12.', ['Joe'], 'See @Video12. Joe is the character in @Video1.'],
  ])('that say which clip is whose: %j with %j', (prompt, names, expected) => {
    expect(
      pointToCharacters(
        prompt,
        names.map((name, index) => ({ name, marker: `@Video${index + 1}` })),
      ),
    ).toBe(expected);
  });
});

describe('the whole program', () => {
  // Nothing answers at the hosts of these requests: whatever was sent would fail.
  it.each(REQUESTS)('knows the job of a key of an earlier build: $title', async ({ args, key, jobId }) => {
    const home = earlierHome();
    const before = filesIn(`${home.home}/jobs`);
    const ran = await runHere(home, [...args, '--key', key, '--json'], { atMs: AFTERWARDS });
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ id: jobId, key });
    expect(filesIn(`${home.home}/jobs`)).toEqual(before);
  });

  it.each(REQUESTS.filter(({ body }) => body !== undefined))('makes the same body of it: $title', async (one) => {
    const ran = await runHere(earlierHome(), [...one.args, '--dry-run', '--json'], { atMs: AFTERWARDS });
    expect(ran).toMatchObject({ exitCode: 0 });
    const { prompt, request } = JSON.parse(ran.stdout) as { prompt: string; request: { body: object } };
    expect(prompt).toBe(one.request.prompt);
    expect(request.body).toEqual(one.body);
    expect(Object.keys(request.body)).toEqual(Object.keys(one.body as object));
  });

  it('refuses a key of an earlier build for other work', async () => {
    const { args, key } = named('words alone') ?? { args: [], key: '' };
    const ran = await runHere(earlierHome(), [...args, '--seconds', '12', '--key', key], { atMs: AFTERWARDS });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toContain('asks for something else');
  });
});
