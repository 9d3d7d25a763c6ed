/** What the system answers about files and disks, in words. Pure. */

const REASONS: Readonly<Record<string, readonly [reason: string, hint?: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space and run the command again.'],
  EDQUOT: ['the disk quota is used up', 'Free some space and run the command again.'],
  EFBIG: ['the file would be larger than is allowed here', 'Raise the limit on file sizes (ulimit -f).'],
  EROFS: ['the file system is read-only', 'Set SORA_HOME to a folder that can be written.'],
  EACCES: ['permission is denied', 'Check who owns it, or set SORA_HOME to a folder of your own.'],
  EPERM: ['permission is denied', 'Check who owns it, or set SORA_HOME to a folder of your own.'],
  EFTYPE: ['it is not a regular file', 'Move it away: only regular files are read.'],
  ENXIO: ['it is not a regular file', 'Move it away: only regular files are read.'],
  ELOOP: ['it is a link that leads to itself', 'Move it away, or let it lead to a file.'],
  ERR_FS_FILE_TOO_LARGE: ['it is too large', 'Move it away: sora writes no file that large.'],
  ENOTDIR: ['a file is where a folder should be', 'Move it away, or set SORA_HOME to another folder.'],
  EEXIST: ['a file is where a folder should be', 'Move it away, or set SORA_HOME to another folder.'],
  EISDIR: ['a folder is where a file should be', 'Move it away, or set SORA_HOME to another folder.'],
  ENOENT: ['it does not exist', 'Another program may have removed it. See what is there: sora store check'],
  ENAMETOOLONG: ['the path is too long', 'Set SORA_HOME to a folder with a shorter path.'],
  EMFILE: ['too many files are open', 'Raise the limit on open files (ulimit -n).'],
  ENFILE: ['too many files are open', 'Close other programs and try again.'],
  EIO: ['the disk failed', 'Check the disk, or set SORA_HOME to a folder on another one.'],
};

/** Why the system said no, in words, to follow a colon; and what helps, where something does. */
export function reasonFor(code: string): readonly [reason: string, hint?: string] {
  return REASONS[code] ?? [`the system answered ${code}`];
}
