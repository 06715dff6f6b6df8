/**
 * The error of a WIT `result`, where a function returns one: thrown by {@link ComponentFunc.call}, and to
 * be thrown by a host function, whose guest then gets it as a value. As jco's `ComponentError`.
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
      const tag = payload === null ? undefined : (payload as { tag?: unknown }).tag;
      return typeof tag === 'string' ? `: ${tag}` : '';
    }
    default:
      return '';
  }
}
