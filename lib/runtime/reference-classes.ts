// Which class the object of a reference is of. Whoever makes instances imports it: the file of references can't, as these
// classes extend its own, which must be there before.
import { ArrayRef } from './array-ref.js';
import { late } from './errors.js';
import { ExnRef } from './exn-ref.js';
import { INTERNAL } from './internal.js';
import { referenceClasses } from './reference.js';
import type { Store } from './store.js';
import { StructRef } from './struct-ref.js';

referenceClasses.struct = StructRef;
referenceClasses.array = ArrayRef;
referenceClasses.exn = ExnRef;

// A store's own file can't import what needs it.
late.wrapException = (exception, store) => new ExnRef(INTERNAL, store as Store, exception);
