import { isAsyncFunction } from 'node:util/types';
import { type ClassOfCopy, COPY, misuse, OWN_COPY } from './errors.js';

/** Shows the constructor of a class whose objects programs get, and don't make, that the library calls it. */
export const INTERNAL: unique symbol = Symbol('internal');

/** @throws TypeError `ERR_ILLEGAL_CONSTRUCTOR` unless the library made the call. */
export function checkInternal(key: unknown, target: { readonly name: string }): void {
  if (key === INTERNAL) return;
  throw misuse('ERR_ILLEGAL_CONSTRUCTOR', `${target.name} has no constructor of its own`);
}

/** Whether private members can be looked for in `value`. */
export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

// biome-ignore lint/suspicious/noExplicitAny: any method.
type Method = (this: any, ...args: any[]) => any;

interface Class {
  readonly name: string;
  readonly prototype: object;
}

/** Methods as they were written, by those that look at the receiver first. For tests. */
export const written = new WeakMap<Method, Method>();

/**
 * Has each method and getter of `class_` refuse a receiver that isn't one of its objects, as a proxy isn't, with TypeError
 * `ERR_INVALID_THIS`; an async one rejects. Those named in `hot` are called so often that they look themselves.
 */
export function guardReceivers(
  class_: Class,
  isOwn: (value: object) => boolean,
  hot: readonly string[] = [],
): void {
  const { prototype } = class_;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor' || hot.includes(key as string)) continue;
    const property = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (property === undefined) continue;
    for (const part of ['value', 'get', 'set'] as const) {
      const method: unknown = property[part];
      if (typeof method !== 'function') continue;
      property[part] = guarded(class_, method as Method, isOwn);
    }
    Object.defineProperty(prototype, key, property);
  }
  const mark: ClassOfCopy = { name: class_.name, copy: OWN_COPY };
  Object.defineProperty(prototype, COPY, { value: mark });
}

/** What a method throws whose receiver is none. */
export function invalidThis(class_: Class, method: string): TypeError {
  return misuse(
    'ERR_INVALID_THIS',
    `${class_.name}.${method}: called on what is no ${class_.name}`,
  );
}

function guarded(class_: Class, method: Method, isOwn: (value: object) => boolean): Method {
  const { name, length } = method;
  const wrapper = {
    [name](this: unknown, ...args: unknown[]): unknown {
      if (isObject(this) && isOwn(this)) return Reflect.apply(method, this, args);
      const error = invalidThis(class_, name);
      if (isAsyncFunction(method)) return Promise.reject(error);
      throw error;
    },
  }[name] as Method;
  if (length > 0) Object.defineProperty(wrapper, 'length', { value: length, configurable: true });
  written.set(wrapper, method);
  return wrapper;
}
