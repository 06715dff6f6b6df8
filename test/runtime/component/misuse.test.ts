import { describe, expect, it } from 'vitest';
import {
  Component,
  ComponentFunc,
  ComponentInstance,
  ComponentInstancePre,
  ComponentLinker,
  Engine,
  Module,
  ResourceType,
  Store,
} from '../../../lib/index.js';
import { expectMisuse, thrownBy } from '../support.js';
import { echo } from './support.js';

const engine = new Engine();
const component = Component.compile(engine, echo('', 'u32', ['i32']));
const module = Module.compile(engine, '(module)');

/** One of everything. */
function everything() {
  const store = new Store(engine);
  const linker = new ComponentLinker(engine);
  linker.root().funcNew('host', (_, value) => value);
  const pre = linker.instantiatePre(component);
  const instance = pre.instantiate(store);
  return { store, linker, pre, instance, func: instance.getFunc(store, 'echo') };
}

type Everything = ReturnType<typeof everything>;
// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose.
type Any = any;

const NEVER = [undefined, null, 1, '', true, 1n, Symbol('s'), {}, [], () => 1];
const not = (...types: string[]) => NEVER.filter((value) => !types.includes(typeof value));

/** Each parameter of each function, with values of wrong types. */
const CALLS: [string, unknown[], (all: Everything, wrong: Any) => unknown][] = [
  ['Component.compile(engine)', NEVER, (_, wrong) => Component.compile(wrong, '')],
  ['Component.compile(bytes)', not('string'), (_, wrong) => Component.compile(engine, wrong)],
  ['Component.fromFile(engine)', NEVER, (_, wrong) => Component.fromFile(wrong, '')],
  ['Component.fromFile(path)', not('string'), (_, wrong) => Component.fromFile(engine, wrong)],
  ['Component.deserialize(bytes)', NEVER, (_, wrong) => Component.deserialize(engine, wrong)],
  [
    'Component.deserializeFile(path)',
    not('string'),
    (_, wrong) => Component.deserializeFile(engine, wrong),
  ],
  ['new ComponentLinker', NEVER, (_, wrong) => new ComponentLinker(wrong)],
  ['allowShadowing', not('boolean'), ({ linker }, wrong) => linker.allowShadowing(wrong)],
  ['linker.instance', not('string'), ({ linker }, wrong) => linker.instance(wrong)],
  ['funcNew(name)', not('string'), ({ linker }, wrong) => linker.root().funcNew(wrong, () => {})],
  ['funcNew(fn)', not('function'), ({ linker }, wrong) => linker.root().funcNew('f', wrong)],
  [
    'resource(name)',
    not('string'),
    ({ linker }, wrong) => linker.root().resource(wrong, ResourceType.host()),
  ],
  ['resource(type)', NEVER, ({ linker }, wrong) => linker.root().resource('r', wrong)],
  [
    'resource(drop)',
    not('function', 'undefined'),
    ({ linker }, wrong) => linker.root().resource('r', ResourceType.host(), wrong),
  ],
  ['module(name)', not('string'), ({ linker }, wrong) => linker.root().module(wrong, module)],
  ['module(module)', NEVER, ({ linker }, wrong) => linker.root().module('m', wrong)],
  [
    'defineUnknownImportsAsTraps',
    NEVER,
    ({ linker }, wrong) => linker.defineUnknownImportsAsTraps(wrong),
  ],
  ['instantiate(store)', NEVER, ({ linker }, wrong) => linker.instantiate(wrong, component)],
  ['instantiate(component)', NEVER, ({ linker, store }, wrong) => linker.instantiate(store, wrong)],
  ['instantiatePre', NEVER, ({ linker }, wrong) => linker.instantiatePre(wrong)],
  ['pre.instantiate', NEVER, ({ pre }, wrong) => pre.instantiate(wrong)],
  ['getFunc(store)', NEVER, ({ instance }, wrong) => instance.getFunc(wrong, 'echo')],
  [
    'getFunc(path)',
    [...not('string').filter((value) => !Array.isArray(value)), [1], ['echo', null]],
    ({ instance, store }, wrong) => instance.getFunc(store, wrong),
  ],
  ['getModule(store)', NEVER, ({ instance }, wrong) => instance.getModule(wrong, 'm')],
  ['getResource(store)', NEVER, ({ instance }, wrong) => instance.getResource(wrong, 'r')],
  ['call(store)', NEVER, ({ func }, wrong) => func.call(wrong, 1)],
  ['call(argument)', not('number'), ({ func, store }, wrong) => func.call(store, wrong)],
];

describe('wrong types are told', () => {
  it.each(CALLS)('%s', (_, values, call) => {
    for (const wrong of values) {
      const error = expectMisuse('ERR_INVALID_ARG_TYPE', () => call(everything(), wrong));
      expect(error.message).toMatch(/expected .*, got /s);
    }
  });
});

describe('made by hand', () => {
  it.each([[Component], [ComponentInstance], [ComponentInstancePre], [ComponentFunc]])(
    '%o is of no use',
    (kind) => {
      const fake = Object.create(kind.prototype);
      const { store, linker } = everything();
      const uses: (() => unknown)[] = [
        () => linker.instantiate(store, fake),
        () => fake.instantiate(store),
        () => fake.getFunc(store, 'echo'),
        () => fake.call(store),
        () => fake.serialize(),
      ];
      for (const use of uses) expect(thrownBy(use)).toBeInstanceOf(TypeError);
    },
  );
});

describe('stores', () => {
  it('of another engine, another one, and one that is disposed', () => {
    const all = everything();
    const other = new Store(engine);
    const foreign = new Store(new Engine());
    expectMisuse('ERR_WRONG_ENGINE', () => all.linker.instantiate(foreign, component));
    expectMisuse('ERR_WRONG_ENGINE', () => all.pre.instantiate(foreign));
    for (const wrong of [other, foreign]) {
      expectMisuse('ERR_WRONG_STORE', () => all.instance.getFunc(wrong, 'echo'));
      expectMisuse('ERR_WRONG_STORE', () => all.func.call(wrong, 1));
    }
    all.store.dispose();
    for (const use of [
      () => all.linker.instantiate(all.store, component),
      () => all.pre.instantiate(all.store),
      () => all.instance.getFunc(all.store, 'echo'),
      () => all.func.call(all.store, 1),
    ]) {
      expectMisuse('ERR_DISPOSED', use);
    }
  });

  it('may be used in their own callbacks, not disposed', () => {
    const store = new Store(engine);
    const linker = new ComponentLinker(engine);
    let left = 3;
    linker.root().funcNew('host', (inner, value) => {
      expect(inner).toBe(store);
      expectMisuse('ERR_STORE_IN_USE', () => store.dispose());
      return left-- > 0
        ? linker
            .instantiate(store, component)
            .getFunc(store, 'echo')
            .call(store, value + 1)
        : value;
    });
    expect(linker.instantiate(store, component).getFunc(store, 'echo').call(store, 1)).toBe(4);
  });
});

describe('a linker', () => {
  it('with WASI twice refuses, unless shadowing is allowed', () => {
    const linker = new ComponentLinker(engine).addWasi();
    expect(thrownBy(() => linker.addWasi())).toMatchObject({ code: 'ERR_LINK' });
    linker.allowShadowing(true).addWasi();
    linker.allowShadowing(false);
    expect(thrownBy(() => linker.addWasi())).toMatchObject({ code: 'ERR_LINK' });
  });
});
