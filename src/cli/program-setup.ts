/** The house around the work: names, arguments, options and help of keys, settings, hosts, the store and the sandbox. */

import { Argument, type Command, Option } from 'commander';
import type { CostsFlags } from '../commands/costs.ts';
import type { InstallOptions } from '../commands/skill.ts';
import type { Shell } from '../completion/scripts.ts';
import { HOST_NAMES } from '../providers/index.ts';
import { SPENDING_BY } from '../shared/money.ts';
import { type Act, collect, examples, oneOf, SHELLS, time, wholeNumber } from './options.ts';

export const SETUP_NOUNS = {
  sandbox: addSandbox,
  provider: addProvider,
  costs: addCosts,
  store: addStore,
  auth: addAuth,
  config: addConfig,
  completion: addCompletion,
  doctor: addDoctor,
  skill: addSkill,
} as const satisfies Readonly<Record<string, (noun: Command, act: Act) => void>>;

function addSandbox(sandbox: Command, act: Act): void {
  sandbox
    .command('serve')
    .description('run the sandbox until Ctrl-C and print how to reach it')
    .option('--port <n>', 'port on 127.0.0.1 (default: any free one)', wholeNumber(0, 65_535))
    .option('--scenario <file>', 'a JSON file of faults to play')
    .addHelpText('after', examples('sora sandbox serve --port 4010', 'sora sandbox serve --scenario faults.json'))
    .action(
      act<{ port?: number; scenario?: string }>(async (context, _args, options) => {
        const { runSandboxServe } = await import('../commands/sandbox.ts');
        return runSandboxServe(context, options);
      }),
    );
}

function addProvider(provider: Command, act: Act): void {
  provider
    .command('list')
    .description('list the hosts, and whether this machine can use them')
    .addHelpText('after', examples('sora provider list'))
    .action(act(async (context) => (await import('../commands/provider.ts')).runProviderList(context)));
  provider
    .command('models')
    .description('list known models: lengths, sizes, characters, prices')
    .argument('[provider]', 'only those of one host')
    .argument('[model]', 'one of them, as the host itself describes it where it does')
    .addHelpText('after', examples('sora provider models', 'sora provider models fal kling/v4/reference-to-video'))
    .action(
      act(async (context, [name, id]) =>
        (await import('../commands/provider.ts')).runProviderModels(context, name, id),
      ),
    );
}

function addCosts(costs: Command, act: Act): void {
  costs
    .option('--since <time>', 'only the last 12h, 7d, 30d (default: everything)', time)
    .addOption(new Option('--by <what>', 'a row for each').choices(SPENDING_BY).default('host'))
    .option('--tag <word>', 'only what was sent for it; repeat for more', collect, [])
    .addHelpText('after', examples('sora costs --since 7d', 'sora costs --by tag', 'sora costs --by day --json'))
    .action(
      act<CostsFlags>(async (context, _args, options) =>
        (await import('../commands/costs.ts')).runCosts(context, options),
      ),
    );
}

function addStore(store: Command, act: Act): void {
  store
    .command('path')
    .description('print the folders')
    .addHelpText('after', examples('sora store path --json'))
    .action(act(async (context) => (await import('../commands/store.ts')).runStorePath(context)));
  store
    .command('check')
    .description('read every record and clip, and report what is broken')
    .addHelpText('after', examples('sora store check'))
    .action(act(async (context) => (await import('../commands/store.ts')).runStoreCheck(context)));
}

function addDoctor(doctor: Command, act: Act): void {
  doctor
    .option('--api', 'also ask the chosen host; nothing is created there', false)
    .addHelpText('after', examples('sora doctor', 'sora doctor --api --provider openai --json'))
    .action(
      act<{ api: boolean }>(async (context, _args, options) =>
        (await import('../commands/doctor.ts')).runDoctor(context, options),
      ),
    );
}

function addSkill(skill: Command, act: Act): void {
  skill
    .command('show', { isDefault: true })
    .description('print the SKILL.md of this version')
    .addHelpText('after', examples('sora skill', 'sora skill show --json'))
    .action(act(async (context) => (await import('../commands/skill.ts')).runSkillShow(context)));
  skill
    .command('install')
    .description('write it to .claude/skills/sora-cli and .agents/skills/sora-cli in the current folder')
    .option('--user', 'in your home folder instead, for all projects', false)
    .option('--force', 'replace a copy that was changed', false)
    .addHelpText('after', examples('sora skill install', 'sora skill install --user'))
    .action(
      act<InstallOptions>(async (context, _args, options) =>
        (await import('../commands/skill.ts')).runSkillInstall(context, options),
      ),
    );
}

function addCompletion(completion: Command, act: Act): void {
  completion
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      examples(
        'source <(sora completion bash)',
        'source <(sora completion zsh)',
        'sora completion fish > ~/.config/fish/completions/sora.fish',
      ),
    )
    .action(
      act(async (context, [shell = '']) =>
        (await import('../completion/scripts.ts')).runCompletion(context, shell as Shell),
      ),
    );
}

function addAuth(auth: Command, act: Act): void {
  auth
    .command('login')
    .description('store a key, typed without being shown or read from stdin')
    .argument('<provider>', oneOf(HOST_NAMES))
    .addHelpText('after', examples('sora auth login openai', 'echo "$KEY" | sora auth login wavespeed'))
    .action(act(async (context, [name = '']) => (await import('../commands/auth.ts')).runAuthLogin(context, name)));
  auth
    .command('logout')
    .description('remove a stored key')
    .argument('<provider>', oneOf(HOST_NAMES))
    .addHelpText('after', examples('sora auth logout openai'))
    .action(act(async (context, [name = '']) => (await import('../commands/auth.ts')).runAuthLogout(context, name)));
  auth
    .command('status')
    .description('show which key is used, and where it comes from')
    .argument('[provider]', 'exits 4 when this one has no key')
    .addHelpText('after', examples('sora auth status', 'sora auth status openai --json'))
    .action(act(async (context, [name]) => (await import('../commands/auth.ts')).runAuthStatus(context, name)));
}

function addConfig(config: Command, act: Act): void {
  const key = 'defaultProfile, profiles.<name>.<field>, or a field of the chosen profile';
  config
    .command('get')
    .description('print one setting')
    .argument('<key>', key)
    .addHelpText('after', examples('sora config get model', 'sora config get profiles.work.baseUrl'))
    .action(act(async (context, [name = '']) => (await import('../commands/config.ts')).runConfigGet(context, name)));
  config
    .command('set')
    .description('change one setting; a profile that does not exist is created')
    .argument('<key>', key)
    .argument('<value>', 'its new value')
    .addHelpText(
      'after',
      examples(
        'sora config set provider openai',
        'sora config set profiles.work.baseUrl https://gateway.example.com/v1',
      ),
    )
    .action(
      act(async (context, [name = '', value = '']) =>
        (await import('../commands/config.ts')).runConfigSet(context, name, value),
      ),
    );
  config
    .command('unset')
    .description('remove one setting, or a whole profile')
    .argument('<key>', key)
    .addHelpText('after', examples('sora config unset model', 'sora config unset profiles.work'))
    .action(act(async (context, [name = '']) => (await import('../commands/config.ts')).runConfigUnset(context, name)));
  config
    .command('list')
    .description('print every setting')
    .addHelpText('after', examples('sora config list', 'sora config list --json'))
    .action(act(async (context) => (await import('../commands/config.ts')).runConfigList(context)));
  config
    .command('path')
    .description('print where the settings file is')
    .addHelpText('after', examples('sora config path'))
    .action(act(async (context) => (await import('../commands/config.ts')).runConfigPath(context)));
}
