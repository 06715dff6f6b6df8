import type { NativeRef } from '../generated/native.js';
import { native } from '../native.js';
import { ArrayRef } from './array-ref.js';
import { late } from './errors.js';
import { ExnRef } from './exn-ref.js';
import { INTERNAL } from './internal.js';
import { GcRef } from './reference.js';
import type { Store } from './store.js';
import { StructRef } from './struct-ref.js';

/** @internal A native reference as an object of its class, anything else as it is. */
export function wrapReference(value: unknown, store: Store): unknown {
  return value instanceof native.NativeRef ? wrap(value, store) : value;
}

function wrap(reference: NativeRef, store: Store): GcRef {
  switch (reference.class) {
    case 'struct':
      return new StructRef(INTERNAL, store, reference);
    case 'array':
      return new ArrayRef(INTERNAL, store, reference);
    case 'exn':
      return new ExnRef(INTERNAL, store, reference);
    default:
      return new GcRef(INTERNAL, store, reference);
  }
}

// A store's own file can't import what needs it.
late.wrapException = (exception, store) => new ExnRef(INTERNAL, store as Store, exception);
