/** Whether the copies of the skill for agents, where there are any, are those of this version. */
import { option } from '../shared/options.ts';
import { shellQuote } from '../shared/text.ts';
import { type FoundSkill, findSkills } from '../skill/copies.ts';
import { currentSkill } from '../skill/skill.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding } from './finding.ts';

/** A finding for each copy in the current folder and in the home folder. What differs fails nothing. */
export async function skillFindings(workspace: Workspace): Promise<readonly Finding[]> {
  return (await findSkills(workspace)).map(findingOf);
}

function findingOf({ path, copy, user }: FoundSkill): Finding {
  const check = 'skill for agents';
  const command = user ? 'sora skill install --user' : 'sora skill install';
  if (copy.state === 'current') return { check, ok: true, detail: path };
  if (copy.state === 'outdated') {
    const detail = `${path} is of sora ${copy.version}, and this is ${currentSkill().version}`;
    return { check, ok: false, detail, fix: `Update it: ${command}` };
  }
  return {
    ...{ check, ok: false, detail: `${path} was changed, or is not from sora` },
    fix: `See how it differs: sora skill | diff ${shellQuote(path)} -; replace it: ${command} ${option('force')}`,
  };
}
