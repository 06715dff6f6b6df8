import type { CommandFacts, OptionFacts } from './command-facts.js';

/** A script for bash that completes commands, options, their values, and files. */
export function bashCompletions(program: string, commands: readonly CommandFacts[]): string {
  const func = `_${program.replaceAll('-', '_')}`;
  const [own, ...others] = commands;
  const names = [...others.map(({ name }) => name), ...flagsOf(own?.options ?? [])];
  return `# bash completion of ${program}: eval "$(${program} completions bash)"
${func}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= valued= options= guest= i
  COMPREPLY=()
  # --option=value is three words to bash.
  if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  case $command in
    '')
      options='${names.join(' ')}'
      COMPREPLY=($(compgen -W "$options" -- "$cur"))
      return ;;
${others.map(branch).join('\n')}
    *) return ;;
  esac
  # What follows the guest's file is the guest's.
  if [[ $guest ]]; then
    for ((i++; i < COMP_CWORD; i++)); do
      if [[ $valued == *" \${COMP_WORDS[i]} "* ]]; then ((i++)); if [[ \${COMP_WORDS[i]} == '=' ]]; then ((i++)); fi
      elif [[ \${COMP_WORDS[i]} != -* ]]; then return; fi
    done
  fi
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$cur")); fi
}
# Where nothing fits, bash completes files.
complete -o bashdefault -o default -F ${func} ${program}
`;
}

function branch({ name, options, isFollowedByGuest }: CommandFacts): string {
  const valued = options.filter(({ value }) => value !== undefined);
  const values = valued.flatMap(({ flags, value }) => {
    if (value?.kind === 'file') return [];
    const action = {
      choice: `COMPREPLY=($(compgen -W '${value?.choices.join(' ')}' -- "$cur"))`,
      directory: 'compopt -o dirnames +o default 2> /dev/null',
      other: 'compopt +o default +o bashdefault 2> /dev/null',
    }[value?.kind ?? 'other'];
    return [`        ${flags.join('|')}) ${action}; return ;;`];
  });
  const files = valued.filter(({ value }) => value?.kind === 'file');
  if (files.length > 0) values.push(`        ${flagsOf(files).join('|')}) return ;;`);
  const lines = [
    `    ${name})`,
    `      options='${flagsOf(options).join(' ')}'`,
    `      valued=' ${flagsOf(valued).join(' ')} '`,
    ...(isFollowedByGuest ? ['      guest=1'] : []),
    ...(values.length > 0 ? ['      case $prev in', ...values, '      esac'] : []),
  ];
  return `${lines.join('\n')} ;;`;
}

function flagsOf(options: readonly OptionFacts[]): string[] {
  return options.flatMap(({ flags }) => flags);
}
