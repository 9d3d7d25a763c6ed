/** `sora character`: names, arguments, options and help of the cast. */
import { type Command, Option } from 'commander';
import { CHARACTER_KINDS, type CharacterKind } from '../shared/character.ts';
import type { Focus } from '../shared/clip.ts';
import type { Orientation } from '../shared/geometry.ts';
import { type CostFlags, costOptions, withLimits } from './cost-options.ts';
import { type Act, type ClipFlags, clipOptions, clipWishes, collect, examples, FOCUS, focus, text } from './options.ts';

interface CreateFlags {
  name: string;
  image: string[];
  description?: string;
  kind?: CharacterKind;
  consent?: string;
  force: boolean;
  local: boolean;
  resend: boolean;
  dryRun: boolean;
}

export function addCharacter(character: Command, act: Act): void {
  costOptions(
    clipOptions(
      character.command('create').description('prepare a clip, keep it under a name, register it with the provider'),
    ),
  )
    .argument('[clip]', 'a video file, 2 s or longer; none for a character of pictures alone', text)
    .requiredOption('--name <name>', 'the name that prompts say, 1 to 80 characters')
    .option(
      '--image <picture>',
      'a picture of it, as PNG, JPEG or WebP; repeat it, the one from the front first',
      collect,
      [],
    )
    .option('--description <text>', 'who it is, in a sentence or two', text)
    .addOption(new Option('--kind <kind>', 'what it is: some models refuse people').choices(CHARACTER_KINDS))
    .option('--consent <text>', 'the permission of whoever is shown, in words or as a file', text)
    .option('--force', 'replace the character of that name', false)
    .option('--local', 'prepare and keep the clip, register it later', false)
    .option('--resend', 'register even if an earlier request, whose answer was lost, may have done so', false)
    .option('--dry-run', 'show what would be done to the clip, the request, and what it would cost', false)
    .addHelpText(
      'after',
      examples(
        'sora character create joe.mp4 --name Joe',
        'sora character create party.mov --name Mia --start 12.5 --duration 3',
        'sora character create --image front.png --image side.png --name Rex --kind animal',
      ),
    )
    .action(
      act<ClipFlags & CostFlags & CreateFlags>(async (context, [file], options) => {
        const { runCharacterCreate } = await import('../commands/character/create.ts');
        const { image: images, ...flags } = await withLimits(context, options);
        return runCharacterCreate(context, { ...flags, images, file, options: clipWishes(options) });
      }),
    );
  character
    .command('list')
    .description('list the cast')
    .addHelpText('after', examples('sora character list', 'sora character list --json'))
    .action(act(async (context) => (await import('../commands/character/manage.ts')).runCharacterList(context)));
  character
    .command('show')
    .description('show one character: its clip, where it came from, where it is registered')
    .argument('<name>', 'the character’s name')
    .option('--sheet <png>', 'draw a contact sheet of its clip into this file', text)
    .option('--force', 'replace an existing file', false)
    .addHelpText('after', examples('sora character show Joe', 'sora character show Joe --sheet joe.png'))
    .action(
      act<{ sheet?: string; force: boolean }>(async (context, [name = ''], options) =>
        (await import('../commands/character/manage.ts')).runCharacterShow(context, name, options),
      ),
    );
  addParticulars(character, act);
  character
    .command('rename')
    .description('give a character another name')
    .argument('<name>', 'the character’s name')
    .argument('<new>', 'its new name')
    .addHelpText('after', examples('sora character rename Joe "Joe Smith"'))
    .action(
      act(async (context, [name = '', next = '']) =>
        (await import('../commands/character/manage.ts')).runCharacterRename(context, name, next),
      ),
    );
  character
    .command('remove')
    .description('delete a character and its clip from this machine; hosts keep their copy')
    .argument('<name>', 'the character’s name')
    .option('--yes', 'do not ask', false)
    .addHelpText('after', examples('sora character remove Joe --yes'))
    .action(
      act<{ yes: boolean }>(async (context, [name = ''], { yes }) =>
        (await import('../commands/character/manage.ts')).runCharacterRemove(context, name, yes),
      ),
    );
  addCast(character, act);
}

interface SyncFlags {
  resend: boolean;
  orientation?: Orientation;
  fit?: ClipFlags['fit'];
  focus?: Focus;
}

/** What is kept of a character besides its clip. */
function addParticulars(character: Command, act: Act): void {
  character
    .command('stills')
    .description('show the pictures of a character that go to models which take pictures, or give others')
    .argument('<name>', 'the character’s name')
    .option('--set <picture...>', 'take these instead, the one from the front first')
    .option('--reset', 'take those of its clip again', false)
    .option('--show', 'show where they are, which is done unless told otherwise', false)
    .addHelpText('after', examples('sora character stills Joe', 'sora character stills Joe --set front.png side.png'))
    .action(
      act<{ set?: string[]; reset: boolean; show: boolean }>(async (context, [name = ''], options) =>
        (await import('../commands/character/stills.ts')).runCharacterStills(context, { ...options, name }),
      ),
    );
  character
    .command('edit')
    .description('change what is said of a character: its description, its kind, a permission')
    .argument('<name>', 'the character’s name')
    .option('--description <text>', 'who it is, in a sentence or two', text)
    .option('--no-description', 'take it away')
    .addOption(new Option('--kind <kind>', 'what it is: some models refuse people').choices(CHARACTER_KINDS))
    .option('--no-kind', 'take it away')
    .option('--consent <text>', 'the permission of whoever is shown, in words or as a file', text)
    .option('--no-consent', 'take it away')
    .addHelpText(
      'after',
      examples(
        'sora character edit Mia --kind person --consent consent.pdf',
        'sora character edit Joe --no-description',
      ),
    )
    .action(
      act<{ description?: string | boolean; kind?: CharacterKind | boolean; consent?: string | boolean }>(
        async (context, [name = ''], options) =>
          (await import('../commands/character/stills.ts')).runCharacterEdit(context, {
            name,
            description: given(options.description),
            kind: given(options.kind),
            consent: given(options.consent),
          }),
      ),
    );
}

/** What `--x <value>` and `--no-x` said: the value, null to take it away, undefined for neither. */
function given<T extends string>(flag: T | boolean | undefined): T | null | undefined {
  return flag === false ? null : flag === true ? undefined : flag;
}

/** What a cast is beyond one machine and one host. */
function addCast(character: Command, act: Act): void {
  costOptions(
    character
      .command('sync')
      .description('register characters that the provider does not know yet: those named, or all'),
  )
    .argument('[name...]', 'characters of the cast (default: all)')
    .addOption(
      new Option('--orientation <o>', 'of the videos (default: that of each clip)').choices(['landscape', 'portrait']),
    )
    .addOption(
      new Option('--fit <how>', 'bars around clips of another shape, or cut their edges').choices(['pad', 'crop']),
    )
    .option('--focus <x,y>', FOCUS, focus)
    .option('--resend', 'register even if an earlier request, whose answer was lost, may have done so', false)
    .addHelpText('after', examples('sora character sync', 'sora character sync Joe Mia --provider openai'))
    .action(
      act<CostFlags & SyncFlags>(async (context, names, options) =>
        (await import('../commands/character/sync.ts')).runCharacterSync(
          context,
          names,
          await withLimits(context, options),
        ),
      ),
    );
  character
    .command('adopt')
    .description('take over a character that the provider already knows')
    .argument('<id>', 'the host’s id of the character')
    .requiredOption('--name <name>', 'the character here; a new one has no clip unless --clip is given')
    .option('--clip <file>', 'the clip that it was made from, prepared and kept as in create', text)
    .addOption(
      new Option('--orientation <o>', 'of the clip behind the id, if there is no clip here').choices([
        'landscape',
        'portrait',
      ]),
    )
    .option('--as-registered', 'accept that the host knows it by another name, which prompts then say', false)
    .addHelpText(
      'after',
      examples(
        'sora character adopt char_123 --name Joe',
        'sora character adopt char_123 --name Joe --clip joe.mp4 --as-registered',
      ),
    )
    .action(
      act<{ name: string; clip?: string; orientation?: Orientation; asRegistered: boolean }>(
        async (context, [id = ''], options) =>
          (await import('../commands/character/sync.ts')).runCharacterAdopt(context, { ...options, id }),
      ),
    );
  character
    .command('export')
    .description('write the named characters, or the whole cast, to a file that can be shared')
    .argument('[name...]', 'characters of the cast (default: all)')
    .requiredOption('-o, --output <file>', 'the cast file to write', text)
    .option('--with-clips', 'put the clips into a folder beside it', false)
    .option('--force', 'replace an existing file', false)
    .addHelpText(
      'after',
      examples('sora character export -o cast.json --with-clips', 'sora character export Joe Mia -o duo.json'),
    )
    .action(
      act<{ output: string; withClips: boolean; force: boolean }>(async (context, names, options) =>
        (await import('../commands/character/transfer.ts')).runCharacterExport(context, { ...options, names }),
      ),
    );
  character
    .command('import')
    .description('merge a cast file into the cast of this machine; no registration is lost')
    .argument('<file>', 'a cast file, or a pipe that gives one', text)
    .option('--force', 'replace characters that have another clip here', false)
    .addHelpText('after', examples('sora character import cast.json'))
    .action(
      act<{ force: boolean }>(async (context, [file = ''], { force }) =>
        (await import('../commands/character/transfer.ts')).runCharacterImport(context, { file, force }),
      ),
    );
}
