/** The models of fal as they are used: from the table, or by the schema that the host publishes, which is kept for a day. */

import { isRecord, parseJson } from '../../http/answer.ts';
import type { Http } from '../../http/client.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import { isSoraError, SoraError } from '../../shared/errors.ts';
import { option } from '../../shared/options.ts';
import { nearestPart, oneLine } from '../../shared/text.ts';
import type { DocumentCache } from '../provider.ts';
import type { Route } from '../route.ts';
import { FAL_DEFAULT_MODEL, FAL_MODELS, type FalModel } from './models.ts';
import { endpointPath } from './request.ts';
import { type InputSchema, inputSchemaOf, modelFromSchema, readInputSchema, withSchema } from './schema.ts';
import { refuse } from './wire.ts';

export interface KnownModels {
  /**
   * Undefined is the default model. Throws `usage` for what is no id, `refused` for one that the host does not know or whose
   * inputs cannot be mapped, and what every read throws.
   */
  get(id: string | undefined, call: Call): Promise<FalModel>;
}

export function createModels({
  http,
  platform,
  cache,
}: {
  readonly http: Http;
  readonly platform: Route;
  readonly cache: DocumentCache | undefined;
}): KnownModels {
  const found = new Map<string, Promise<FalModel>>();

  async function read(id: string, call: Call): Promise<FalModel> {
    const row = FAL_MODELS.find((model) => model.id === id);
    if (row && !row.asksSchema) return row;
    endpointPath(id);
    if (!row) return modelFromSchema(id, await schemaOf(id, call));
    // What the table has will do where the host cannot be asked.
    const schema = await schemaOf(id, call).catch((error: unknown) => {
      if (!isSoraError(error) || call.signal.aborted) throw error;
      return undefined;
    });
    return schema ? withSchema(row, modelFromSchema(id, schema)) : row;
  }

  async function schemaOf(id: string, call: Call): Promise<InputSchema> {
    const name = `${platform.root} ${id}`;
    const kept = await cache?.read(name);
    const known = kept === undefined ? undefined : readInputSchema(parseJson(kept));
    if (known) return known;
    const schema = await askSchema(id, call);
    await cache?.write(name, JSON.stringify(schema));
    return schema;
  }

  /** It asks for no key, and gets none. */
  async function askSchema(id: string, call: Call): Promise<InputSchema> {
    const query = new URLSearchParams({ endpoint_id: id, expand: 'openapi-3.0' });
    const answer = await http.send(platform.read(`${platform.root}/models?${query}`, call, { keyless: true }));
    if (!isSuccess(answer) && answer.status !== 404) throw refuse(answer);
    const body = isSuccess(answer) ? parseJson(answer.text) : undefined;
    const models = isRecord(body) && Array.isArray(body.models) ? body.models : [];
    const model = models.find((one) => isRecord(one) && one.endpoint_id === id);
    const shown = oneLine(id, 200);
    if (!isRecord(model)) {
      const close = nearestPart(
        id,
        FAL_MODELS.map((known) => known.id),
      );
      throw new SoraError('refused', `${answer.host} does not know a model ${shown}.`, {
        hint: `${close === undefined ? '' : `Did you mean ${close}? `}List those that are known here: sora provider models fal. Name one with ${option('model')}.`,
      });
    }
    const schema = inputSchemaOf(model.openapi, id);
    const isDeprecated = isRecord(model.metadata) && model.metadata.status === 'deprecated';
    if (schema) return { ...schema, ...(isDeprecated && { deprecated: true }) };
    throw new SoraError('refused', `${answer.host} publishes no schema of ${shown} that can be read.`, {
      hint: `Name another model with ${option('model')}: sora provider models fal`,
    });
  }

  return {
    get(id = FAL_DEFAULT_MODEL, call) {
      const known = found.get(id) ?? read(id, call);
      found.set(id, known);
      // What failed may be asked again.
      known.catch(() => found.delete(id));
      return known;
    },
  };
}
