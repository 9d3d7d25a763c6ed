/** `sora skill`: what coding agents are told of `sora`, printed or put where they look for it. */
import type { Context } from '../context.ts';
import { SKILL_NAME } from '../help/read-skill.ts';
import { type InstalledSkill, type InstallOptions, installSkill } from '../skill/copies.ts';
import { currentSkill } from '../skill/skill.ts';

export type { InstallOptions };

/** `sora skill` */
export async function runSkillShow({ ui }: Context): Promise<undefined> {
  const { version, markdown } = currentSkill();
  const text = markdown.trimEnd();
  ui.result({ json: { name: SKILL_NAME, version, markdown }, text, quiet: [text] });
}

const DONE: Readonly<Record<InstalledSkill['state'], string>> = {
  written: 'Wrote',
  current: 'Already there:',
  updated: 'Updated',
  replaced: 'Replaced',
};

/** `sora skill install` */
export async function runSkillInstall(context: Context, options: InstallOptions): Promise<undefined> {
  const installed = await installSkill(context, options);
  context.ui.result({
    json: installed,
    text: installed.map(({ path, state }) => `${DONE[state]} ${path}`).join('\n'),
    quiet: installed.map(({ path }) => path),
  });
}
