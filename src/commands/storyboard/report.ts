/** `sora storyboard report`: the takes of a film as a page to look at and to hand on. */

import type { Context } from '../../context.ts';
import { counted } from '../../shared/text.ts';
import type { StoryboardRequest } from '../../storyboards/read-storyboard.ts';
import { writeStoryboardReport } from '../../storyboards/report-storyboard.ts';

export interface StoryboardReportFlags {
  readonly output: string;
  readonly force: boolean;
}

export async function runStoryboardReport(
  context: Context,
  request: StoryboardRequest,
  flags: StoryboardReportFlags,
): Promise<undefined> {
  const report = await writeStoryboardReport(context, request, flags);
  const text = `${report.path}: ${counted(report.scenes, 'scene')}, ${counted(report.takes, 'take')}, ${counted(report.videos, 'video')} in it`;
  context.ui.result({ json: report, text, quiet: [report.path] });
}
