/** Which storyboard of a file is meant: options of every command of `sora storyboard`. */
import { type Command, InvalidArgumentError } from 'commander';
import { text } from './options.ts';

/** As they were typed. */
export interface StoryboardFlags {
  readonly quality?: string;
  readonly variant?: string;
  readonly var?: ReadonlyMap<string, string>;
  readonly allowOutside: boolean;
}

/** The storyboard that is meant. */
export interface NamedStoryboard {
  readonly file: string;
  readonly quality?: string;
  readonly variant?: string;
  readonly vars: ReadonlyMap<string, string>;
  readonly allowOutside: boolean;
}

export function storyboardOptions(command: Command, file: string): Command {
  return command
    .argument('<file>', file)
    .option('--quality <name>', 'one of the file’s qualities (default: the first)', text)
    .option('--variant <name>', 'one of the file’s variants', text)
    .option('--var <name=value>', 'what {{name}} stands for in the texts; repeat for more', variable)
    .option('--allow-outside', 'let the storyboard name files outside its folder', false);
}

export function requestOf(file: string, flags: StoryboardFlags): NamedStoryboard {
  const { quality, variant, allowOutside } = flags;
  return {
    ...{ file, vars: flags.var ?? new Map(), allowOutside },
    ...(quality !== undefined && { quality }),
    ...(variant !== undefined && { variant }),
  };
}

function variable(value: string, all: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const [, name = '', words = ''] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
  if (name.trim() === '') throw new InvalidArgumentError('It is a name and a value, such as weather=rain.');
  return new Map([...all, [name.trim().normalize('NFC'), words]]);
}
