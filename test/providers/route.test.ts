import { expect, it } from 'vitest';
import type { Http } from '../../src/http/client.ts';
import type { HttpRequest } from '../../src/http/request.ts';
import { apiRootOf, type KeyHeader } from '../../src/providers/entry.ts';
import { PROVIDERS, type ProviderName } from '../../src/providers/index.ts';
import type { Backend } from '../../src/providers/provider.ts';
import { authFor, createRoute, pathSegment, usableId } from '../../src/providers/route.ts';
import { call } from './harness.ts';

it.each([
  ['v1', 'v1'],
  ['a b/c', 'a%20b%2Fc'],
  ['...', '...'],
])('an id of %j is asked about as %s', (id, segment) => {
  expect([usableId(id), pathSegment(id)]).toEqual([id, segment]);
});

it.each(['', '.', '..', '\ud800', '***', 'v-***-1'])(
  'P5: %j is no id: it leads elsewhere, or it held the key',
  (id) => {
    expect(usableId(id)).toBeUndefined();
    expect(() => pathSegment(id)).toThrowError(expect.objectContaining({ code: 'usage' }));
  },
);

it.each<[ProviderName, string, string]>([
  ['wavespeed', 'https://api.wavespeed.ai', 'https://api.wavespeed.ai/api/v3'],
  ['wavespeed', 'https://api.wavespeed.ai/api/v3/', 'https://api.wavespeed.ai/api/v3'],
  ['wavespeed', 'http://127.0.0.1:4010', 'http://127.0.0.1:4010/api/v3'],
  ['wavespeed', 'https://gateway.example/ws', 'https://gateway.example/ws'],
  ['eachlabs', 'https://api.eachlabs.ai/v1/', 'https://api.eachlabs.ai'],
  ['runway', 'https://api.dev.runwayml.com/v1', 'https://api.dev.runwayml.com'],
  ['openai', 'https://gateway.example', 'https://gateway.example'],
])('%s is asked at %s as at %s', (name, baseUrl, root) => {
  expect(apiRootOf(PROVIDERS[name], baseUrl)).toBe(root);
  expect(apiRootOf(PROVIDERS[name], root)).toBe(root);
});

it.each<[ProviderName, Backend | undefined, string, string]>([
  ['openai', undefined, 'authorization', 'Bearer k'],
  ['openai', 'azure', 'api-key', 'k'],
  ['wavespeed', undefined, 'authorization', 'Bearer k'],
  ['eachlabs', undefined, 'authorization', 'Bearer k'],
  ['sandbox', undefined, 'authorization', 'Bearer k'],
])('the key of %s (backend %s) goes to its origin as %s: %s', (name, backend, header, value) => {
  const auth = authFor('k', 'https://a.example/v1', PROVIDERS[name].keyHeader(backend));
  expect(auth).toEqual({ header, value, origin: 'https://a.example' });
});

it('a key may stand behind another word', () => {
  const keyHeader: KeyHeader = { scheme: 'Key' };
  expect(authFor('k', 'https://a.example', keyHeader)?.value).toBe('Key k');
  expect(authFor(undefined, 'https://a.example', keyHeader)).toBeUndefined();
});

it('the headers of a row go with every request to the host, and to no store that it names', async () => {
  const sent: HttpRequest[] = [];
  const http = { send: async (request: HttpRequest) => void sent.push(request) } as unknown as Http;
  const row = { ...PROVIDERS.openai, headers: { 'x-version': '7' } };
  const route = createRoute(row, { baseUrl: 'https://a.example/', key: 'k', backend: undefined, http });
  await route.create(`${route.root}/videos`, { bytes: 0, contentType: 'a/b', open: () => [] } as never, call);
  sent.push(route.read(route.root, call, { headers: { range: 'bytes=1-' } }));
  sent.push(route.read('https://store.example', call, { keyless: true, headers: { 'x-note': 'a' } }));
  expect(sent.map(({ headers }) => headers)).toEqual([
    { 'x-version': '7' },
    { 'x-version': '7', range: 'bytes=1-' },
    { 'x-note': 'a' },
  ]);
});
