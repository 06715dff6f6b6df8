import { FORMAT_NAMES, FORMATS } from '../formats/format-list.js';

/** The formats as help shows them. */
export function formatsHelp(): string {
  const rows = FORMAT_NAMES.map((name) => {
    const { title, extensions, weights } = FORMATS[name];
    const weighs = weights.length > 0 ? `; ${weights.join(', ')}` : '';
    return `  ${name.padEnd(11)} ${extensions.join(', ').padEnd(30)} ${title}${weighs}`;
  });
  return ['Formats, their extensions, what opens them, and what samples may weigh:', ...rows].join(
    '\n',
  );
}
