/** `sora completion`: the scripts that let a shell ask the program itself what can come next. */

import type { Context } from '../context.ts';

/** The shells that commands are completed in. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** Works with bash 3.2 and without the bash-completion package. */
const BASH = `# Completion of sora for bash. In ~/.bashrc: source <(sora completion bash)
_sora_files() {
  local word=$1 line cases
  shift
  if [ $# -gt 0 ]; then
    cases=$(shopt -p nocasematch)
    shopt -s nocasematch
    while IFS= read -r line; do
      if [ -d "\${line/#\\~\\//$HOME/}" ]; then COMPREPLY+=("$line"); continue; fi
      case " $* " in *" \${line##*.} "*) COMPREPLY+=("$line") ;; esac
    done < <(compgen -f -- "$word" | LC_ALL=C sort)
    eval "$cases"
    if [ \${#COMPREPLY[@]} -gt 0 ]; then
      compopt -o filenames 2>/dev/null
      return
    fi
  fi
  # None has such a name: any file. Before bash 4 a function cannot leave it to the shell.
  compopt -o default 2>/dev/null || while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
}
_sora() {
  local line kind
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY+=("$line"); done
  } < <(sora __complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
  case $kind in files*) _sora_files "$2" \${kind#files} ;; esac
}
complete -o nosort -F _sora sora 2>/dev/null || complete -F _sora sora
`;

const ZSH = `#compdef sora
# Completion of sora for zsh. In ~/.zshrc, after compinit: source <(sora completion zsh)
_sora() {
  local -a lines values shown endings
  local kind line about
  lines=("\${(@f)$(sora __complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[1]
  for line in "\${(@)lines[2,-1]}"; do
    about=
    [[ $line == *$'\\t'* ]] && about="  -- \${line#*$'\\t'}"
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line%%$'\\t'*}$about")
  done
  if [[ $kind == files* ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    endings=(\${=kind#files})
    if (( $#endings )); then
      _files -g "*.(\${(j:|:)endings}|\${(Uj:|:)endings})"
    else
      _files
    fi
  elif (( $#values )); then
    if [[ "\${shown[*]}" == *'  -- '* ]]; then
      compadd -V sora -l -d shown -a -- values
    else
      compadd -V sora -a -- values
    fi
  fi
}
# Found on fpath it is the function itself; read by source it says whose it is.
if [[ $funcstack[1] == _sora ]]; then _sora "$@"; else compdef _sora sora; fi
`;

const FISH = `# Completion of sora for fish: sora completion fish > ~/.config/fish/completions/sora.fish
function __sora_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct | string unescape --style=script | string collect)
    set -l lines (sora __complete fish -- $words "$current" 2>/dev/null)
    if string match -q -- 'files*' "$lines[1]"
        set -l endings (string split ' ' -- "$lines[1]")
        set -e endings[1]
        set -l parts (string match -r -- '^(--[^=]+=)(.*)$' "$current")
        set -l typed "$current"
        set -q parts[3]; and set typed "$parts[3]"
        set -l found (__fish_complete_path "$typed")
        if set -q endings[1]
            set -l own (string match -ri -- '^[^\\t]*(?:/|\\.(?:'(string join '|' $endings)'))(?:\\t.*)?$' $found)
            set -q own[1]; and set found $own
        end
        set -q found[1]; and printf "$parts[2]%s\\n" $found
    end
    set -e lines[1]
    printf '%s\\n' $lines
end
complete -c sora -f -k -a '(__sora_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const satisfies Record<Shell, string>;

/** `sora completion bash|zsh|fish`: the script, on stdout. */
export async function runCompletion({ ui }: Context, shell: Shell): Promise<undefined> {
  const script = SCRIPTS[shell];
  ui.result({ json: { shell, script }, text: script.trimEnd(), quiet: [script.trimEnd()] });
}
