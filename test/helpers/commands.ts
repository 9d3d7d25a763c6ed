/** The commands that run something, from commander's own tree. */
import type { Command } from 'commander';

export interface Leaf {
  /** Without `sora`. */
  readonly name: string;
  readonly flags: readonly string[];
}

/** Of a program whose commands are filled in; those that nobody types are left out. */
export function leavesOf(command: Command, path: readonly string[] = []): Leaf[] {
  if (command.commands.length === 0) {
    return [{ name: path.join(' '), flags: command.options.flatMap(({ long }) => long ?? []) }];
  }
  return command.commands
    .filter((child) => child.name() !== 'help' && !child.name().startsWith('__'))
    .flatMap((child) => leavesOf(child as Command, [...path, child.name()]));
}
