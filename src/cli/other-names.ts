/** What people type for a command or an option that has another name here. Made when something was mistyped: every start reads this file. */

/** Words of other tools, at the top and within a noun, and the command that does what they ask for. */
export const otherCommands = (): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  '': {
    ...same('video generate', ['generate', 'gen', 'render', 'make', 'new', 'run', 'txt2video', 'text-to-video']),
    ...same('video list', ['ls', 'list', 'jobs', 'job', 'history', 'queue']),
    ...same('video status', ['status', 'poll', 'watch', 'progress']),
    ...same('video wait', ['wait', 'follow']),
    ...same('video download', ['download', 'get', 'fetch', 'save', 'pull']),
    ...same('video show', ['show']),
    ...same('video open', ['open', 'play', 'view']),
    ...same('storyboard', ['film', 'films', 'story', 'movie', 'board', 'scene', 'scenes', 'script']),
    ...same('character create', ['create', 'add', 'upload', 'register']),
    ...same('character list', ['cast', 'people', 'actors', 'chars']),
    ...same('character sync', ['sync']),
    ...same('clip prepare', ['prepare', 'convert', 'trim', 'scale', 'crop', 'pad', 'transcode']),
    ...same('clip inspect', ['inspect', 'probe', 'info', 'analyze', 'analyse']),
    ...same('clip sheet', ['sheet', 'contact-sheet']),
    ...same('auth login', ['login', 'signin', 'authenticate', 'key', 'keys', 'apikey', 'api-key', 'token']),
    ...same('auth status', ['whoami', 'account']),
    ...same('provider list', ['hosts', 'host', 'backends', 'backend']),
    ...same('provider models', ['models', 'model', 'prices', 'pricing']),
    ...same('sandbox serve', ['serve', 'server', 'mock', 'start']),
    ...same('config list', ['settings', 'options', 'profile', 'profiles']),
    ...same('doctor', ['check', 'diagnose', 'test', 'setup', 'init', 'verify']),
    ...same('costs', ['spent', 'spending', 'bill', 'billing', 'cost', 'usage']),
    ...same('store path', ['where', 'path', 'home']),
    ...same('--version', ['version']),
  },
  character: {
    ...same('character create', ['add', 'new', 'make', 'upload', 'register']),
    ...same('character list', ['ls', 'all']),
    ...same('character show', ['get', 'info', 'inspect', 'view', 'describe']),
    ...same('character rename', ['mv', 'move']),
    ...same('character sync', ['refresh', 'push']),
    ...same('character export', ['save', 'dump', 'backup']),
    ...same('character import', ['load', 'restore']),
  },
  video: {
    ...same('video generate', ['create', 'new', 'make', 'render', 'run', 'add', 'submit', 'send', 'start']),
    ...same('video list', ['ls', 'all', 'jobs', 'history']),
    ...same('video status', ['poll', 'progress', 'state']),
    ...same('video wait', ['follow', 'await']),
    ...same('video download', ['get', 'fetch', 'save', 'pull']),
    ...same('video show', ['info', 'inspect', 'describe']),
    ...same('video open', ['play', 'view', 'watch']),
    ...same('video extend', ['continue', 'lengthen']),
    ...same('video remix', ['redo', 'vary', 'again']),
    ...same('video edit', ['change', 'modify']),
  },
  storyboard: {
    ...same('storyboard new', ['init', 'create', 'example', 'template']),
    ...same('storyboard render', ['run', 'make', 'generate', 'start', 'build', 'continue', 'resume', 'send']),
    ...same('storyboard takes', ['list', 'ls', 'history', 'status', 'candidates']),
    ...same('storyboard pick', ['choose', 'select', 'accept']),
    ...same('storyboard retake', ['redo', 'again', 'retry']),
    ...same('storyboard check', ['validate', 'lint', 'verify', 'test']),
    ...same('storyboard show', ['print', 'view', 'get', 'scenes', 'scene']),
    ...same('storyboard export', ['subtitles', 'srt', 'json', 'convert', 'save']),
  },
  clip: {
    ...same('clip prepare', ['convert', 'trim', 'scale', 'crop', 'pad', 'transcode', 'cut', 'make']),
    ...same('clip inspect', ['probe', 'info', 'show', 'check', 'analyze', 'analyse']),
    ...same('clip sheet', ['thumbnails', 'frames', 'contact-sheet']),
  },
  provider: {
    ...same('provider list', ['ls', 'all', 'show']),
    ...same('provider models', ['model', 'prices', 'pricing']),
  },
  store: {
    ...same('store path', ['where', 'home', 'show', 'dir']),
    ...same('store check', ['verify', 'doctor', 'fsck', 'validate']),
  },
  auth: {
    ...same('auth login', ['add', 'set', 'create', 'key', 'new']),
    ...same('auth status', ['show', 'list', 'ls', 'whoami', 'get']),
  },
  config: {
    ...same('config list', ['ls', 'show', 'all']),
    ...same('config path', ['where', 'file']),
    ...same('config set', ['add']),
  },
  batch: {
    ...same('batch run', ['start', 'resume', 'continue', 'go', 'send', 'make', 'generate', 'create', 'render']),
    ...same('batch check', ['validate', 'lint', 'verify', 'plan', 'preview', 'dry-run']),
    ...same('batch status', ['show', 'progress', 'ls', 'list']),
  },
  skill: { ...same('skill install', ['add', 'setup', 'write', 'update', 'enable']) },
  sandbox: { ...same('sandbox serve', ['start', 'run', 'up', 'server']) },
});

/** Options of other tools, and the one that means the same here; where none does, what to do instead. */
export const otherOptions = (): Readonly<Record<string, string>> => ({
  ...same('--seconds', ['--duration', '--length', '--len', '--secs', '--time']),
  ...same('--aspect', ['--ratio', '--aspect-ratio', '--orientation', '--format']),
  ...same('--resolution', ['--res', '--quality', '--height']),
  ...same('--size', ['--dimensions', '--width', '--wh']),
  ...same('--output', ['--out', '--file', '--save', '--save-as', '--dest', '--to', '--outfile']),
  ...same('--character', ['--char', '--characters', '--actor', '--person', '--who']),
  ...same('--reference', ['--image', '--input-reference', '--first-frame', '--ref', '--img', '--start-image']),
  ...same('--count', ['--n', '--num', '--number', '--variants', '--repeat', '--samples']),
  ...same('--key', ['--idempotency-key', '--id', '--request-id']),
  ...same('--max-cost', ['--max-price', '--limit-cost', '--spend', '--price']),
  ...same('--wait', ['--sync', '--block', '--download', '--follow']),
  ...same('--timeout', ['--deadline', '--max-wait', '--max-time']),
  ...same('--dry-run', ['--preview', '--check', '--simulate', '--no-send', '--plan', '--estimate']),
  ...same('--provider', ['--host', '--vendor', '--service', '--api']),
  ...same('--base-url', ['--url', '--endpoint', '--server', '--api-base']),
  ...same('--debug', ['--verbose', '--trace', '--log']),
  ...same('--quiet', ['--silent', '--no-progress']),
  ...same('--name', ['--as', '--called', '--title', '--label']),
  ...same('--start', ['--from', '--ss', '--begin', '--offset']),
  ...same('--older-than', ['--age', '--before', '--days']),
  '--prompt': 'The prompt has no option: it is the argument, in quotes, or - to read it from stdin.',
  '--text': 'The prompt has no option: it is the argument, in quotes, or - to read it from stdin.',
  '--api-key':
    'A key is never an argument, which other users of the machine could read. Store it: sora auth login <provider>',
  '--token':
    'A key is never an argument, which other users of the machine could read. Store it: sora auth login <provider>',
});

function same(meant: string, words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, meant]));
}
