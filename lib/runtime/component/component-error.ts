import { attempt, isInstance, markError } from '../errors.js';

/**
 * The error of a WIT `result`, where a function returns one: thrown by {@link ComponentFunc.call}, and to
 * be thrown by a host function, whose guest then gets it as a value. As jco's `ComponentError`.
 *
 * @example
 * ```js
 * import { ComponentError, ComponentLinker, Engine } from 'wasmtime-guest-profiler';
 *
 * const linker = new ComponentLinker(new Engine());
 * // For a function whose result is a WIT result<_, string>.
 * linker.root().funcNew('open', () => {
 *   throw new ComponentError('no such file');
 * });
 * ```
 */
export class ComponentError extends Error {
  /** Always `ComponentError`. */
  override readonly name = 'ComponentError';
  /** Stable, for programs. */
  readonly code = 'ERR_COMPONENT_RESULT';
  /** The value of the error case, undefined when it has none. */
  readonly payload: unknown;

  constructor(payload?: unknown) {
    super(`the component returned an error${describe(payload)}`);
    this.payload = payload;
  }

  /** @internal One of another copy of the library is known too, as {@link WasmtimeError}. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is asked for itself.
    return isInstance(this, value);
  }

  static {
    markError(ComponentError, 'ComponentError');
  }
}

function describe(payload: unknown): string {
  switch (typeof payload) {
    case 'string':
      return `: ${payload}`;
    case 'number':
    case 'bigint':
    case 'boolean':
      return `: ${payload}`;
    case 'object': {
      const tag = attempt(() => (payload as { tag?: unknown } | null)?.tag);
      return typeof tag === 'string' ? `: ${tag}` : '';
    }
    default:
      return '';
  }
}
