import type { CommandFacts, OptionFacts, ValueFacts } from './command-facts.js';

/** A script for zsh that completes commands, options with what they mean, their values, and files. */
export function zshCompletions(program: string, commands: readonly CommandFacts[]): string {
  const func = `_${program.replaceAll('-', '_')}`;
  const [own, ...others] = commands;
  return `#compdef ${program}
# zsh completion of ${program}: source <(${program} completions zsh)
${func}() {
  local context state line
  typeset -A opt_args
  _arguments -C \\
${(own?.options ?? []).flatMap(specs).map(lineOf).join('\n')}
    '1:command:->command' '*::argument:->arguments'
  case $state in
    command)
      local -a commands=(
${others.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands ;;
    arguments)
      case $words[1] in
${others.map(branch).join('\n')}
        *) _files ;;
      esac ;;
  esac
}
if [[ $funcstack[1] == ${func} ]]; then ${func} "$@"; else compdef ${func} ${program}; fi
`;
}

function branch({ name, options, isFollowedByGuest }: CommandFacts): string {
  // After the guest's file zsh takes no more options with the first.
  const rest = isFollowedByGuest ? `'1:file:_files' '*:: :_files'` : `'*:file:_files'`;
  return `        ${name})
          _arguments -S \\
${options.flatMap(specs).map(lineOf).join('\n')}
    ${rest} ;;`;
}

function lineOf(spec: string): string {
  return `    ${spec} \\`;
}

/** May be repeated: of those that may not, the program tells. */
function specs({ flags, description, value }: OptionFacts): string[] {
  const text = description.replace(/[\\[\]:]/g, '\\$&');
  return flags.map((flag) => quoted(`*${flag}${joint(flag, value)}[${text}]${action(value)}`));
}

function joint(flag: string, value: ValueFacts | undefined): string {
  return value !== undefined && flag.startsWith('--') ? '=' : '';
}

function action(value: ValueFacts | undefined): string {
  if (value === undefined) return '';
  const completer = {
    choice: `(${value.choices.join(' ')})`,
    file: '_files',
    directory: '_files -/',
    other: ' ',
  }[value.kind];
  return `:${value.shown.replace(/[\\:]/g, '\\$&')}:${completer}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
