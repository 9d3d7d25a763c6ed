/** What `doctor --api` asks eachlabs. */

import { type Asked, listQuestion, NO_ID, ONCE, objectOf, type Question, servedBy } from '../questions.ts';
import { CHARACTER_MODEL, EACHLABS_DEFAULT_MODEL } from './models.ts';

export async function eachlabsQuestions(to: Asked): Promise<readonly Question[]> {
  const { baseUrl: root } = to;
  const get = to.reader(root);
  // Schemas ask for no key, so none is sent where none is needed.
  const schema = async (slug: string): Promise<string> => {
    objectOf(await get(`${root}/v1/model?slug=${encodeURIComponent(slug)}`, { auth: undefined }));
    return `is served, and knows ${slug}`;
  };
  return [
    { check: 'GET /v1/model', ask: () => schema(to.model ?? EACHLABS_DEFAULT_MODEL) },
    { check: 'GET /v1/model (characters)', isExtra: true, ask: () => schema(CHARACTER_MODEL) },
    {
      check: 'GET /v1/prediction/{id}',
      ask: async () =>
        servedBy(
          await get(`${root}/v1/prediction/${NO_ID}`, ONCE),
          'Without it no job can be followed. Check the base URL.',
        ),
    },
    listQuestion('GET /v1/executions', to),
  ];
}
