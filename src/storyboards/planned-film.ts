/** What a run of a film would make: the state of each scene, why, what it would cost, and what leads on. Asks nobody. */
import { describeBill, formatUsd, totalOf } from '../costs/cost.ts';
import { counted } from '../shared/text.ts';
import { type ApprovedPlan, type PlanDocument, planDocument } from './approved-plan.ts';
import { lookAtFilm, type MakingWishes } from './film.ts';
import { stepCommands, withCommands } from './film-outcome.ts';
import { type FilmReport, type NextStep, reportFilm, type SceneReport } from './film-report.ts';
import { filmSteps } from './film-steps.ts';
import { type GivenFilm, wishWords } from './prepare-film.ts';
import { madeElsewhere } from './refuse-render.ts';
import { comingOf, sendsOf } from './render-film.ts';

export interface PlannedFilm {
  /** To be approved. */
  readonly document: PlanDocument;
  readonly json: object;
  /** A row for each scene. */
  readonly rows: readonly (readonly string[])[];
  /** What stands below them. */
  readonly lines: readonly string[];
  /** The ids of the scenes that something would be sent for. */
  readonly sent: readonly string[];
  /** What stands in the way of sending them, sentences. */
  readonly problems: readonly string[];
}

export const PLAN_HEAD = ['SCENE', 'STATE', 'TAKES', 'TO SEND', 'EACH', 'WHY'] as const;
/** Which of them may be narrower: the reasons are never cut. */
export const PLAN_FREE = { SCENE: 12, WHY: { wrapsAt: 20 } } as const;

export interface PlannedFilmOptions {
  readonly wishes: MakingWishes;
  readonly maxCost: number | undefined;
  readonly plan?: ApprovedPlan | undefined;
  /** How many more takes of each scene that is named. */
  readonly retake?: number | undefined;
}

export async function plannedFilm(
  { film, plan: given }: GivenFilm,
  { wishes, maxCost, plan, retake }: PlannedFilmOptions,
): Promise<PlannedFilm> {
  await film.ledger.peek();
  const look = await lookAtFilm(film, given.scenes, { wishes });
  const sends = sendsOf(look, given, { scenes: wishes.scenes, plan, retake });
  const coming = await comingOf(given, sends);
  const shown = given.scenes.filter(({ scene }) => wishes.scenes.length === 0 || wishes.scenes.includes(scene.id));
  const report = reportFilm({
    ...{ look, scenes: shown, maxCostUsd: maxCost, errorOf: () => undefined, isMine: () => true },
  });
  const next = stepCommands(film.commandOf, film.commandOf('render', wishWords(wishes)));
  const { spentUsd, wastedUsd, unknownPrices } = report.totals;
  const money = [
    `spent ${formatUsd(spentUsd)}${wastedUsd > 0 ? `, ${formatUsd(wastedUsd)} of it on what failed or was rejected` : ''}`,
    `to come: ${coming.requests === 0 ? 'nothing' : describeBill(coming.bill)}`,
    ...(unknownPrices > 0 ? [`${unknownPrices} at an unknown price`] : []),
  ].join('; ');
  return {
    document: planDocument(given, look, { sends, wishes }),
    json: {
      scenes: report.scenes.map((scene) => withCommands(scene, next)),
      totals: report.totals,
      exit: report.exit,
      send: coming.requests,
      cost: coming.requests === 0 ? { usd: 0 } : (totalOf(coming.bill) ?? null),
    },
    rows: report.scenes.map(planRow),
    lines: ['', money, ...stepsText(report, next), ...(await filmSteps(film, given.scenes))],
    sent: [...sends.keys()],
    problems: [
      ...(retake === undefined ? await madeElsewhere(film, { look, sends }) : []),
      ...given.scenes
        .filter(({ scene }) => sends.has(scene.id))
        .flatMap(({ scene, problems }) => problems.map((problem) => `${scene.id}: ${problem}`)),
    ],
  };
}

/** As `PLAN_HEAD`. */
function planRow({
  id,
  state,
  takes,
  wanted,
  send,
  later,
  estimateUsd,
  why = '',
  notes,
}: SceneReport): readonly string[] {
  return [
    id,
    state,
    `${takes}/${wanted}`,
    send > 0 ? String(send) : later > 0 ? `(${later})` : '-',
    estimateUsd === undefined ? 'unknown' : estimateUsd === 0 ? 'free' : formatUsd(estimateUsd),
    [why, ...notes.map(noteText)].filter((text) => text !== '').join('; '),
  ];
}

/** As the table says it. */
function noteText(note: SceneReport['notes'][number]): string {
  return note === 'older takes' || note === 'rejected takes' ? `has ${note}` : note;
}

/** What leads on from scenes that no run alone brings forward. */
function stepsText({ scenes }: FilmReport, commandFor: (step: NextStep) => string): readonly string[] {
  // Of what a render only sends, the table says enough.
  const isSaid = ({ verb, words }: NextStep, { state }: SceneReport): boolean =>
    verb !== 'render' || words.length > 0 || state === 'absent' || state === 'unreadable';
  const scenesOf = new Map<string, Set<string>>();
  for (const scene of scenes)
    for (const step of scene.next.filter((one) => isSaid(one, scene))) {
      const command = commandFor(step);
      scenesOf.set(command, (scenesOf.get(command) ?? new Set()).add(scene.id));
    }
  const steps = [...scenesOf].map(([command, ids]) => `${whose([...ids])}: ${command}`);
  return steps.length === 0 ? [] : ['', ...steps];
}

/** Of one command. */
function whose(ids: readonly string[]): string {
  return ids.length > MOST_NAMED ? counted(ids.length, 'scene') : ids.join(', ');
}

const MOST_NAMED = 3;
