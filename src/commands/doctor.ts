/** `sora doctor`: whether this machine, its settings and, when asked, the chosen host are fit for work. */
import type { Context } from '../context.ts';
import { diagnose, worstOf } from '../doctor/diagnose.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT_CODES } from '../shared/errors.ts';
import { oneLine } from '../shared/text.ts';

/** Throws only when interrupted: what is wrong is the result, and the exit code tells. */
export async function runDoctor(context: Context, { api }: { readonly api: boolean }): Promise<number> {
  const findings = await diagnose(context, { api });
  report(context, findings);
  const worst = worstOf(findings);
  return worst === undefined ? 0 : EXIT_CODES[worst];
}

function report({ ui }: Context, findings: readonly Finding[]): void {
  const mark = ({ ok, code }: Finding): string =>
    ok ? ui.paint.green('ok  ') : code === undefined ? ui.paint.yellow('note') : ui.paint.red('FAIL');
  const width = Math.max(...findings.map(({ check }) => check.length));
  ui.result({
    prose: true,
    json: findings.map(({ code, ...check }) => check),
    text: findings
      .flatMap((finding) => [
        `${mark(finding)}  ${finding.check.padEnd(width)}  ${oneLine(finding.detail)}`,
        ...(finding.fix === undefined ? [] : [`${' '.repeat(width + 8)}${oneLine(finding.fix)}`]),
      ])
      .join('\n'),
    quiet: findings.filter(({ code }) => code !== undefined).map(({ check }) => check),
  });
}
