import { fork } from 'node:child_process';

const loader = new URL('./typescript.mjs', import.meta.url).href;

/** What a child is told: an exported function of a module, and its argument. */
export interface Order {
  readonly module: string;
  readonly name: string;
  readonly params: unknown;
}

/**
 * `cell(params)` in a new process of `node`, which starts with no compiled code, no garbage and a small RSS.
 * `cell` must be exported by `module`, under its own name.
 *
 * @throws Error when the child fails, in whatever way.
 */
export function inFreshProcess<P, R>(
  module: string,
  cell: (params: P) => R | Promise<R>,
  params: P,
  nodeOptions: readonly string[] = [],
  node = process.execPath,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./child.ts', import.meta.url), {
      execPath: node,
      execArgv: ['--import', loader, ...nodeOptions],
      serialization: 'advanced',
    });
    let answer: { result: R } | undefined;
    child.once('message', (message) => {
      answer = message as { result: R };
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0 && answer !== undefined) resolve(answer.result);
      else reject(new Error(`${cell.name} failed in its process: ${signal ?? `exit ${code}`}`));
    });
    const order: Order = { module, name: cell.name, params };
    child.send(order);
  });
}
