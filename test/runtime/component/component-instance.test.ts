import { describe, expect, it } from 'vitest';
import { Store, Trap } from '../../../lib/index.js';
import { NESTED, startComponent } from './support.js';

const code = (code: string) => expect.objectContaining({ code });

describe('ComponentInstance', () => {
  it('finds exports by path', () => {
    const { instance, store, engine } = startComponent(NESTED);
    expect(instance.getFunc(store, ['a:b/api@1.2.0', 'f']).call(store)).toBe(42);
    const module = instance.getModule(store, 'm');
    expect(module.engine).toBe(engine);
    expect(module.exports.map(({ name }) => name)).toEqual(['f', 'trap']);
    for (const name of ['g', ['a:b/api@1.2.0', 'g'], ['f', 'f'], [], 'm']) {
      expect(() => instance.getFunc(store, name)).toThrow(code('ERR_NO_EXPORT'));
    }
    expect(() => instance.getModule(store, 'f')).toThrow(code('ERR_NO_EXPORT'));
    expect(() => instance.getResource(store, 'f')).toThrow(code('ERR_NO_EXPORT'));
    expect(() => instance.getFunc(store, 1 as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => instance.getFunc(new Store(engine), 'f')).toThrow(code('ERR_WRONG_STORE'));
  });

  it('traps, and can not be entered after', () => {
    const { instance, store } = startComponent(NESTED);
    const trap = instance.getFunc(store, ['a:b/api@1.2.0', 'trap']);
    expect(() => trap.call(store)).toThrow(
      expect.objectContaining({ trapCode: 'UnreachableCodeReached' }),
    );
    expect(() => instance.getFunc(store, 'f').call(store)).toThrow(Trap);
  });
});
