/** What fal itself estimates for a model of which no price is known here: its price of a unit times the units of one video. */

import { isRecord, jsonOf } from '../../http/answer.ts';
import { jsonBody } from '../../http/body.ts';
import type { Http } from '../../http/client.ts';
import { isSuccess } from '../../http/ranged-content.ts';
import type { Call } from '../../http/request.ts';
import type { NewVideo } from '../provider.ts';
import { valuesOf } from '../references.ts';
import type { Route } from '../route.ts';
import { textOf } from '../task-wire.ts';
import { FAL_PRICES, type FalModel } from './models.ts';

interface Asked {
  readonly http: Http;
  readonly platform: Route;
  readonly call: Call;
  /** The model of the video. */
  readonly get: () => Promise<FalModel>;
}

/**
 * US dollars; undefined where the host does not say, where its unit is none that a video has, and where the estimate would be
 * blind: it knows neither the resolution of a video nor the seconds of its clips, by which many models are billed. Of models with
 * a formula of their own nothing is asked.
 */
export async function estimate(
  id: string,
  { seconds, characters }: Pick<NewVideo, 'seconds' | 'characters'>,
  { http, platform, call, get }: Asked,
): Promise<number | undefined> {
  if (Object.hasOwn(FAL_PRICES, id)) return undefined;
  const { inputs } = await get();
  if (valuesOf(characters, 'clip-url').length > 0 || (inputs.resolution?.values.length ?? 0) > 1) return undefined;
  const url = `${platform.root}/models/pricing`;
  const ask = async (to: string, body?: object): Promise<unknown> => {
    // Nothing is made, so it is repeated like a read.
    const more = body ? ({ method: 'POST', body: jsonBody(body) } as const) : {};
    const answer = await http.send(platform.read(to, call, more));
    return isSuccess(answer) ? jsonOf(answer) : undefined;
  };
  const said = await ask(`${url}?${new URLSearchParams({ endpoint_id: id })}`);
  const prices = isRecord(said) && Array.isArray(said.prices) ? said.prices : [];
  const price = prices.find((one) => isRecord(one) && one.endpoint_id === id);
  const units = isRecord(price) ? unitsOf(textOf(price.unit), inputs.duration && seconds) : undefined;
  if (units === undefined) return undefined;
  const wish = { estimate_type: 'unit_price', endpoints: { [id]: { unit_quantity: units } } };
  const told = await ask(`${url}/estimate`, wish);
  if (!isRecord(told) || (told.currency !== undefined && told.currency !== 'USD')) return undefined;
  const usd = Number(told.total_cost);
  // A zero says nothing about what will be paid.
  return Number.isFinite(usd) && usd > 0 ? usd : undefined;
}

const OF_THE_MACHINE = /compute|gpu|cpu|machine|inference|processing|runtime|\b[ahb]\d{2,3}\b/i;

/** `seconds` is undefined where the model decides its length itself. */
function unitsOf(unit: string | undefined, seconds: number | undefined): number | undefined {
  if (unit === undefined) return undefined;
  // Those of the machine that makes it are others than those of the video, and many more.
  if (OF_THE_MACHINE.test(unit)) return undefined;
  if (/second/i.test(unit)) return seconds;
  return /video|request|generation|call/i.test(unit) ? 1 : undefined;
}
