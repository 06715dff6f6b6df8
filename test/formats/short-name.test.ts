import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortName, shortPath } from '../../lib/formats/short-name.js';

describe('a name', () => {
  const FUNCTION =
    'std::__2::__function::__func<raytracer::Scene::load()::$_0, std::__2::allocator<raytracer::Scene>, void (int)>::operator()(int&&)';

  it.each([
    [FUNCTION, 200, FUNCTION],
    [
      FUNCTION,
      120,
      'std::__2::__function::__func<raytracer::Scene::load()::$_0, std::__2::allocator<…>, void (…)>::operator()(int&&)',
    ],
    [FUNCTION, 60, 'std::__2::__function::__func<…>::operator()(…)'],
    [FUNCTION, 30, 'std::__2::_…<…>::operator()(…)'],
    [
      'std::vector<std::vector<int>>::push_back(int&&)',
      46,
      'std::vector<std::vector<…>>::push_back(int&&)',
    ],
    ['std::vector<std::vector<int>>::push_back(int&&)', 30, 'std::vector<…>::push_back(…)'],
    ['a_function_with_a_long_name', 15, 'a_fun…long_name'],
    // Names themselves, not lists.
    [
      '<alloc::vec::Vec<Item> as core::ops::drop::Drop>::drop',
      52,
      '<alloc::vec::Vec<…> as core::ops::drop::Drop>::drop',
    ],
    [
      '<alloc::vec::Vec<Item> as core::ops::drop::Drop>::drop',
      30,
      '<alloc::vec…:drop::Drop>::drop',
    ],
    ['main.(*Tree[go.shape.int]).Walk', 24, 'main.(*Tree[…]).Walk'],
    ['(anonymous namespace)::visit(Node const*)', 36, '(anonymous namespace)::visit(…)'],
    ['~lib/map/Map<~lib/string/String,i32>#set', 20, '~lib/map/Map<…>#set'],
    // Operators of brackets, and arrows.
    ['operator<<(std::ostream&, Point const&)', 20, 'operator<<(…)'],
    ['bool operator< <int>(Pair<int> const&)', 22, 'bool operator< <…>(…)'],
    ['Handle<Node>::operator->() const', 30, 'Handle<…>::operator->() const'],
    ['Cell::operator()(int, int)', 20, 'Cell::operator()(…)'],
    [
      'core::ops::function::FnOnce<fn(i32) -> u32>::call_once',
      46,
      'core::ops::function::FnOnce<…>::call_once',
    ],
    // Brackets without partners.
    ['a<b(c', 4, 'a…(c'],
    ['x>y)z]', 4, 'x…z]'],
    ['f', 0, '…'],
    ['', 5, ''],
  ])('%s in %i characters', (name, width, expected) => {
    expect(shortName(name, width)).toBe(expected);
  });

  it('is never longer than its room, nor changed where it fits', () => {
    const text = fc.string({ unit: fc.constantFrom(...'<>()[]ab:.,-operator 𝒳…') });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (name, width) => {
        const short = shortName(name, width);
        expect([...short].length).toBeLessThanOrEqual(width);
        if ([...name].length <= width) expect(short).toBe(name);
        // Its end stays, whatever goes.
        else if (width > 2) expect(`${short.at(-1)}…`).toContain([...name].at(-1)?.at(-1));
      }),
      { numRuns: 2000 },
    );
  });

  it('of many brackets costs no more than its length', () => {
    expect(shortName('a<'.repeat(50_000), 10)).toHaveLength(10);
    expect(shortName(`${'a<'.repeat(1500)}${'>'.repeat(1500)}`, 10)).toBe('a<a<a<…>>>');
  });
});

describe('a place', () => {
  it.each([
    ['src/a.c:1', 9, 'src/a.c:1'],
    [
      'wasisdk://v33.0+m/build/sysroot/wasi-libc/libc-top-half/musl/src/string/memcmp.c:41',
      24,
      '…/src/string/memcmp.c:41',
    ],
    [
      'wasisdk://v33.0+m/build/sysroot/wasi-libc/libc-top-half/musl/src/string/memcmp.c:41',
      14,
      '…/memcmp.c:41',
    ],
    ['C:\\build\\src\\main.c:7', 13, '…\\main.c:7'],
    ['a/very_long_file_name.c:41', 12, '…e_name.c:41'],
    ['~lib/rt/itcms.ts:41', 15, '…/itcms.ts:41'],
    ['abc', 1, '…'],
  ])('%s in %i characters', (path, width, expected) => {
    expect(shortPath(path, width)).toBe(expected);
  });
});
