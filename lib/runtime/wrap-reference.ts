import type { NativeRef } from '../generated/native.js';
import { native } from '../native.js';
import { ArrayRef } from './array-ref.js';
import { ExnRef } from './exn-ref.js';
import { GcRef } from './reference.js';
import { Store } from './store.js';
import { StructRef } from './struct-ref.js';

/** @internal A native reference as an object of its class, anything else as it is. */
export function wrapReference(value: unknown, store: Store): unknown {
  return value instanceof native.NativeRef ? wrap(value, store) : value;
}

/** @internal The exception that an error of native code's carries. */
export function wrapException(exception: NativeRef, store: object): ExnRef | undefined {
  return store instanceof Store ? new ExnRef(store, exception) : undefined;
}

function wrap(reference: NativeRef, store: Store): GcRef {
  switch (reference.class) {
    case 'struct':
      return new StructRef(store, reference);
    case 'array':
      return new ArrayRef(store, reference);
    case 'exn':
      return new ExnRef(store, reference);
    default:
      return new GcRef(store, reference);
  }
}
