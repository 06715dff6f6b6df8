import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isInside } from '../profiler/inside.js';
import { type Layout, layoutOf } from './terminal.js';

/**
 * The layout for a terminal, with links where it has them (OSC 8). Places in files are looked for below `directory`.
 * `FORCE_HYPERLINK=1` asks for links whatever the stream is, `FORCE_HYPERLINK=0` for none.
 */
export async function linkedLayout(stream: NodeJS.WriteStream, directory = '.'): Promise<Layout> {
  const layout = layoutOf(stream);
  if (!stream.isTTY && process.env['FORCE_HYPERLINK'] === undefined) return layout;
  // Not before a guest has ended: it looks at stdout and stderr when it is loaded (see terminal.ts).
  const { createSupportsHyperlinks } = await import('supports-hyperlinks');
  if (!createSupportsHyperlinks(stream)) return layout;
  return {
    ...layout,
    link: (text, { file, line, isOurs = false }) => {
      const path = resolve(isOurs ? '.' : directory, file);
      if (!isOurs && !isBelow(path, directory)) return text;
      return existsSync(path) ? linked(text, path, line) : text;
    },
  };
}

/** A profile names whatever files it likes, also such as are on other machines: those are not even looked for. */
function isBelow(path: string, directory: string): boolean {
  const root = resolve(directory);
  return path !== root && isInside(root, path);
}

function linked(text: string, path: string, line: string | undefined): string {
  const url = pathToFileURL(path);
  // Terminals that know lines read them there.
  if (line !== undefined) url.hash = line;
  return `\x1b]8;;${url.href}\x1b\\${text}\x1b]8;;\x1b\\`;
}
